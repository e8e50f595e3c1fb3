import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Grid, voxelCount } from './grid.js';
import type { NpyData } from './npy.js';

export type WrittenDatatype = 'uint8' | 'int16' | 'int32' | 'float32' | 'float64';
export type IntentCode = 'none' | 't' | 'z' | 'f' | 'p' | 'estimate' | 'label' | 'correlation';

export interface ImageSpec {
  readonly grid: Grid;
  /** Default 1, which makes a 3D image. */
  readonly volumes?: number;
  readonly datatype: WrittenDatatype;
  /** `scl_slope`: what readers multiply the stored values by. Default 1. */
  readonly slope?: number;
  /** Repetition time in s. Without it `pixdim[4]` is 0 and has no unit: the fourth dimension are rows of maps, not time. */
  readonly tr?: number | null;
  /** `descrip`: at most 79 bytes, the rest is cut. */
  readonly description?: string;
  /** `parameters`: degrees of freedom of `t` and `correlation`, both of `f`. `name`: at most 15 bytes. */
  readonly intent?: {
    readonly code: IntentCode;
    readonly parameters?: readonly number[];
    readonly name?: string;
  };
  /** Range that a viewer shows first. Default: left to the viewer. */
  readonly calMin?: number;
  readonly calMax?: number;
}

const codes: Readonly<Record<WrittenDatatype, readonly [code: number, bytes: number]>> = {
  uint8: [2, 1],
  int16: [4, 2],
  int32: [8, 4],
  float32: [16, 4],
  float64: [64, 8],
};

/** nifti1.h: NIFTI_INTENT_NONE, TTEST, ZSCORE, FTEST, PVAL, ESTIMATE, LABEL, CORREL. */
const intents: Readonly<Record<IntentCode, number>> = {
  none: 0,
  correlation: 2,
  t: 3,
  f: 4,
  z: 5,
  p: 22,
  estimate: 1001,
  label: 1002,
};

const voxelOffset = 352;

/**
 * Writes a NIfTI-1 image; gzip when the name ends in `.gz`. `data` is in file order `[volume, z, y, x]`. The affine
 * goes into the sform and, where it is free of shear, into the qform, both with the grid's space code (1, scanner,
 * where the grid says unknown but has an affine). Units: mm, and s where a TR is given.
 * Values are stored as given: `slope` is for readers.
 * The same values give the same bytes on one machine (gzip carries no time and no name).
 */
export async function writeImage(file: string, spec: ImageSpec & { readonly data: NpyData }): Promise<void> {
  const image = await createImage(file, spec);
  try {
    await image.write(spec.data);
  } catch (error) {
    await image.abandon();
    throw error;
  }
  await image.close();
}

export interface ImageWriter {
  /** Appends values in file order; any number of them, usually a volume. */
  write(values: NpyData): Promise<void>;
  /** Ends the file. Throws RangeError when voxels are missing. */
  close(): Promise<void>;
  /** Stops without completing the file, after an error. */
  abandon(): Promise<void>;
}

/** Creates an image that is written volume by volume, so that thousands of maps never lie in memory together. */
export async function createImage(file: string, spec: ImageSpec): Promise<ImageWriter> {
  const { datatype, volumes = 1 } = spec;
  const total = voxelCount(spec.grid) * volumes;
  const sink = createWriteStream(file);
  // Level 4 of 9: statistical maps get as small as at the default, 6, in three quarters of the time (measured).
  const gzip = file.endsWith('.gz') ? createGzip({ level: 4, chunkSize: 1 << 18 }) : null;
  if (gzip) {
    sink.on('error', (error) => gzip.destroy(error));
    gzip.on('error', () => {});
    gzip.pipe(sink);
  }
  const input = gzip ?? sink;
  const end = finished(sink);
  // A failure (a full disk) surfaces at the next write or at close; without this it would also be unhandled.
  end.catch(() => {});
  let written = 0;

  async function put(bytes: Uint8Array): Promise<void> {
    if (input.destroyed) await end;
    if (!input.write(bytes)) await Promise.race([once(input, 'drain'), end]);
  }

  async function abandon(): Promise<void> {
    gzip?.destroy();
    sink.destroy();
    await end.catch(() => {});
  }

  await put(niftiHeader(spec));
  return {
    async write(values) {
      written += values.length;
      if (written > total) throw new RangeError(`more than ${total} values for ${file}`);
      // Copied in pieces: the stream keeps what it is given, and the caller may reuse its array.
      const piece = 1 << 18;
      for (let at = 0; at < values.length; at += piece) {
        await put(store(values.subarray(at, at + piece) as NpyData, datatype, file));
      }
    },
    async close() {
      if (written < total) {
        await abandon();
        throw new RangeError(`${written} of ${total} values were written to ${file}`);
      }
      input.end();
      await end;
    },
    abandon,
  };
}

/** The bytes of a copy of `values` as `datatype`. Throws RangeError where an integer type cannot hold a value. */
function store(values: NpyData, datatype: WrittenDatatype, file: string): Uint8Array {
  const make = {
    uint8: () => new Uint8Array(values),
    int16: () => new Int16Array(values),
    int32: () => new Int32Array(values),
    float32: () => new Float32Array(values),
    float64: () => new Float64Array(values),
  };
  const out = make[datatype]();
  if (!datatype.startsWith('float')) {
    for (let i = 0; i < out.length; i++) {
      if (out[i] !== values[i]) throw new RangeError(`${values[i]} does not fit into ${datatype} (${file})`);
    }
  }
  return new Uint8Array(out.buffer);
}

/** 348 bytes of header and 4 of extension flag, by the offsets of nifti1.h. */
function niftiHeader({ grid, volumes = 1, datatype, tr, description = '', intent, ...range }: ImageSpec): Buffer {
  const [code, bytes] = codes[datatype];
  if ([...grid.dim, volumes].some((length) => length < 1 || length > 32767)) {
    throw new RangeError(`NIfTI-1 cannot hold ${grid.dim.join(' x ')} x ${volumes} voxels`);
  }
  const header = Buffer.alloc(voxelOffset);
  header.writeInt32LE(348, 0);
  header[38] = 'r'.charCodeAt(0);
  [volumes > 1 ? 4 : 3, ...grid.dim, volumes, 1, 1, 1].forEach((length, axis) => {
    header.writeInt16LE(length, 40 + 2 * axis);
  });
  intent?.parameters?.slice(0, 3).forEach((value, index) => {
    header.writeFloatLE(value, 56 + 4 * index);
  });
  header.writeInt16LE(intents[intent?.code ?? 'none'], 68);
  header.writeInt16LE(code, 70);
  header.writeInt16LE(bytes * 8, 72);
  const { qfac, quaternion, shear } = rotationOf(grid);
  [qfac, ...grid.voxelSize, tr ?? 0].forEach((value, axis) => {
    header.writeFloatLE(value, 76 + 4 * axis);
  });
  header.writeFloatLE(voxelOffset, 108);
  header.writeFloatLE(range.slope ?? 1, 112);
  header.writeFloatLE(0, 116);
  header[123] = 2 | (tr ? 8 : 0);
  header.writeFloatLE(range.calMax ?? 0, 124);
  header.writeFloatLE(range.calMin ?? 0, 128);
  writeText(header, description, 148, 79);
  const space = grid.spaceCode || 1;
  header.writeInt16LE(shear ? 0 : space, 252);
  header.writeInt16LE(space, 254);
  [...quaternion, grid.affine[3]!, grid.affine[7]!, grid.affine[11]!].forEach((value, index) => {
    header.writeFloatLE(value, 256 + 4 * index);
  });
  grid.affine.slice(0, 12).forEach((value, index) => {
    header.writeFloatLE(value, 280 + 4 * index);
  });
  writeText(header, intent?.name ?? '', 328, 15);
  header.write('n+1\0', 344, 'latin1');
  return header;
}

/**
 * The rotation of an affine as NIfTI's quaternion (b, c, d; a >= 0 is implied) with `qfac` = -1 for a left-handed
 * grid. `shear`: the axes are not perpendicular (cosine beyond 1e-4), which a quaternion cannot say.
 */
function rotationOf(grid: Grid): { qfac: number; quaternion: [number, number, number]; shear: boolean } {
  const column = (axis: number) => [0, 4, 8].map((row) => grid.affine[row + axis]! / grid.voxelSize[axis]!);
  const [x, y, z] = [column(0), column(1), column(2)] as [number[], number[], number[]];
  const dot = (p: number[], q: number[]) => p[0]! * q[0]! + p[1]! * q[1]! + p[2]! * q[2]!;
  const shear = Math.max(Math.abs(dot(x, y)), Math.abs(dot(x, z)), Math.abs(dot(y, z))) > 1e-4;
  const cross = [x[1]! * y[2]! - x[2]! * y[1]!, x[2]! * y[0]! - x[0]! * y[2]!, x[0]! * y[1]! - x[1]! * y[0]!];
  const qfac = dot(cross, z) < 0 ? -1 : 1;
  const w = z.map((value) => value * qfac);
  const [r11, r21, r31, r12, r22, r32, r13, r23, r33] = [...x, ...y, ...w] as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // The largest of a, b, c, d first: dividing by a small one would lose digits (nifti_mat44_to_quatern).
  const squares = [1 + r11 + r22 + r33, 1 + r11 - r22 - r33, 1 - r11 + r22 - r33, 1 - r11 - r22 + r33];
  const largest = squares.indexOf(Math.max(...squares));
  const s = 2 * Math.sqrt(squares[largest]!);
  const q = [
    [s / 4, (r32 - r23) / s, (r13 - r31) / s, (r21 - r12) / s],
    [(r32 - r23) / s, s / 4, (r12 + r21) / s, (r13 + r31) / s],
    [(r13 - r31) / s, (r12 + r21) / s, s / 4, (r23 + r32) / s],
    [(r21 - r12) / s, (r13 + r31) / s, (r23 + r32) / s, s / 4],
  ][largest]! as [number, number, number, number];
  const sign = q[0] < 0 ? -1 : 1;
  return { qfac, quaternion: [q[1] * sign, q[2] * sign, q[3] * sign], shear };
}

/** Text in a field of fixed length that ends with a zero byte; never cut inside a character. */
function writeText(header: Buffer, text: string, at: number, most: number): void {
  let kept = text;
  while (Buffer.byteLength(kept) > most) kept = kept.slice(0, -1);
  header.write(kept, at, 'utf8');
}
