import { type FileHandle, open } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import type { Grid } from './grid.js';
import { type Failure, readGrid } from './nifti-affine.js';
import { UserError } from './user-error.js';

export type Datatype =
  | 'uint8'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

/** What a NIfTI header says, after checks. */
export interface ImageHeader {
  readonly grid: Grid;
  /** `dim[4]`; 1 for a 3D image. */
  readonly volumes: number;
  /** `dim[0]`: 3 for one volume, 4 for a series (more only when the further lengths are 1). */
  readonly dimensions: number;
  /** Repetition time in s, from `pixdim[4]` and the temporal unit of `xyzt_units`; null where there is none. An unknown unit is taken as s. */
  readonly tr: number | null;
  readonly timeUnit: 's' | 'ms' | 'us' | 'unknown' | 'other';
  /** How values lie in the file. */
  readonly datatype: Datatype;
  /** value = stored * slope + intercept. A `scl_slope` of 0 or NaN means unscaled: 1 and 0 here. */
  readonly slope: number;
  readonly intercept: number;
  readonly littleEndian: boolean;
  /** Byte of the (inflated) file at which the voxels begin. */
  readonly offset: number;
  readonly compressed: boolean;
  readonly version: 1 | 2;
  readonly description: string;
  readonly intent: { readonly code: number; readonly parameters: readonly number[]; readonly name: string };
}

const datatypes: Readonly<Record<number, readonly [Datatype, number]>> = {
  2: ['uint8', 1],
  4: ['int16', 2],
  8: ['int32', 4],
  16: ['float32', 4],
  64: ['float64', 8],
  256: ['int8', 1],
  512: ['uint16', 2],
  768: ['uint32', 4],
  1024: ['int64', 8],
  1280: ['uint64', 8],
};

/** nifti1.h: types whose values are no real numbers, for messages. */
const otherTypes: Readonly<Record<number, string>> = {
  32: 'complex64',
  1536: 'float128',
  1792: 'complex128',
  2048: 'complex256',
  2304: 'RGBA32',
};

const timeUnits: Readonly<Record<number, readonly [ImageHeader['timeUnit'], number]>> = {
  0: ['unknown', 1],
  8: ['s', 1],
  16: ['ms', 1e-3],
  24: ['us', 1e-6],
};

export function bytesPerVoxel(datatype: Datatype): number {
  return Object.values(datatypes).find(([name]) => name === datatype)![1];
}

/**
 * Reads and checks the header of a NIfTI-1 or NIfTI-2 file, `.nii` or gzip (told by content, not by name), of either
 * byte order. The affine is the sform where `sform_code` > 0, else the qform, else the pixel sizes with the first
 * voxel at 0 (methods 3, 2 and 1 of the standard, nifti1.h). Spatial units other than mm are converted to mm.
 * Throws UserError naming file and header field.
 */
export async function readImageHeader(file: string): Promise<ImageHeader> {
  const { start, compressed, size } = await readStart(file);
  const bad = failure(file);
  if (start.length < 348) {
    throw tooShort(start, compressed, size, bad);
  }
  const view = new DataView(start.buffer as ArrayBuffer, start.byteOffset, start.length);
  const littleEndian = view.getInt32(0, true) === 348 || view.getInt32(0, true) === 540;
  const headerSize = view.getInt32(0, littleEndian);
  if (headerSize !== 348 && headerSize !== 540) {
    throw bad(`not a NIfTI image: header size ${headerSize}`, 'sizeof_hdr', '348 (NIfTI-1) or 540 (NIfTI-2)');
  }
  const version = headerSize === 348 ? 1 : 2;
  if (start.length < headerSize) throw bad(`cut off: ${start.length} bytes`, undefined, `a header of ${headerSize}`);
  checkMagic(start.toString('latin1', ...(version === 1 ? [344, 347] : [4, 7])), version, bad);
  // The library sees the header alone: what it would parse beyond (extensions) may lie past the bytes read here.
  const bytes = start.buffer.slice(start.byteOffset, start.byteOffset + headerSize) as ArrayBuffer;
  const nifti = await import('nifti-reader-js');
  const raw = version === 1 ? new nifti.NIFTI1() : new nifti.NIFTI2();
  raw.readHeader(bytes);

  const { dim, volumes } = checkDims(raw.dims, bad);
  const known = datatypes[raw.datatypeCode];
  if (!known) {
    throw bad(
      `values of type ${raw.datatypeCode} (${otherTypes[raw.datatypeCode] ?? raw.getDatatypeCodeString(raw.datatypeCode)})`,
      'datatype',
      `real numbers: ${Object.entries(datatypes)
        .map(([code, [name]]) => `${name} (${code})`)
        .join(', ')}`,
    );
  }
  const [datatype, width] = known;
  const offset = dataOffset(raw.vox_offset, headerSize, bad);
  const due = offset + dim[0] * dim[1] * dim[2] * volumes * width;
  if (!compressed && size < due) {
    throw bad(`cut off: ${size} bytes, ${dim.join(' x ')} x ${volumes} voxels of ${datatype} need ${due}`, 'dim');
  }
  const grid = readGrid(raw, view, littleEndian, version, dim, bad);
  const scaled = Number.isFinite(raw.scl_slope) && raw.scl_slope !== 0;
  if (scaled && !Number.isFinite(raw.scl_inter)) {
    throw bad(`intercept ${raw.scl_inter} with slope ${raw.scl_slope}`, 'scl_inter', 'a finite number');
  }
  const [timeUnit, seconds] = timeUnits[raw.xyzt_units & 0x38] ?? ['other', 0];
  const pixdim4 = raw.pixDims[4]!;
  return {
    grid,
    volumes,
    dimensions: raw.dims[0]!,
    tr:
      raw.dims[0]! >= 4 && pixdim4 * seconds > 0 && Number.isFinite(pixdim4)
        ? roundFloat(pixdim4 * seconds, version)
        : null,
    timeUnit,
    datatype,
    slope: scaled ? raw.scl_slope : 1,
    intercept: scaled ? raw.scl_inter : 0,
    littleEndian,
    offset,
    compressed,
    version,
    description: raw.description,
    intent: {
      code: raw.intent_code,
      parameters: [raw.intent_p1, raw.intent_p2, raw.intent_p3],
      name: raw.intent_name,
    },
  };
}

function failure(file: string): Failure {
  return (message, field, expected, hint) =>
    new UserError({
      message,
      place: { file, ...(field && { what: field }) },
      ...(expected && { expected }),
      ...(hint && { hint }),
    });
}

/** The first bytes of the file, inflated where it is gzip. 4 KiB of gzip always hold more than a header. */
export async function readStart(file: string): Promise<{ start: Buffer; compressed: boolean; size: number }> {
  const bad = failure(file);
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw bad('file not found', undefined, 'a NIfTI image (.nii or .nii.gz)');
  }
  try {
    const info = await handle.stat();
    if (info.isDirectory()) throw bad('a folder where a file is due', undefined, 'a NIfTI image (.nii or .nii.gz)');
    const buffer = Buffer.alloc(4096);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const start = buffer.subarray(0, bytesRead);
    if (bytesRead === 0) throw bad('the file is empty', undefined, 'a NIfTI image (.nii or .nii.gz)');
    if (start[0] !== 0x1f || start[1] !== 0x8b) return { start, compressed: false, size: info.size };
    try {
      // Z_SYNC_FLUSH: give what can be inflated so far instead of failing at the cut.
      const inflated = gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
      return { start: inflated, compressed: true, size: info.size };
    } catch (error) {
      throw bad(
        `damaged gzip data (${(error as Error).message})`,
        undefined,
        undefined,
        'Copy or make the file again.',
      );
    }
  } finally {
    await handle.close();
  }
}

/** Less than a header: a stand-in that a version control system left, a file cut off, or something else altogether. */
function tooShort(start: Buffer, compressed: boolean, size: number, bad: Failure): UserError {
  const text = start.toString('latin1');
  const expected = 'a header of at least 348 bytes';
  if (text.startsWith('version https://git-lfs'))
    return bad('a Git LFS pointer, not the image itself', undefined, expected, 'Fetch the image: git lfs pull');
  if (text.includes('.git/annex/') || text.startsWith('/annex/'))
    return bad('a git-annex pointer, not the image itself', undefined, expected, 'Fetch the image: datalad get FILE');
  if (compressed)
    return bad(
      `cut off: ${size} bytes of gzip data that hold only ${start.length} bytes`,
      undefined,
      expected,
      'Copy or make the file again.',
    );
  return bad(`not a NIfTI image: only ${start.length} bytes`, undefined, expected);
}

function checkMagic(magic: string, version: 1 | 2, bad: Failure): void {
  if (magic === `n+${version}`) return;
  if (magic === `ni${version}`) {
    throw bad(
      'the header of an .hdr/.img pair',
      'magic',
      'one file with header and voxels (.nii or .nii.gz)',
      'Convert it, for example: fslchfiletype NIFTI_GZ image  or  nibabel.save(nibabel.load("image.hdr"), "image.nii.gz")',
    );
  }
  throw bad(
    `no NIfTI signature (found "${magic.replace(/[^ -~]/g, '.')}"), perhaps ANALYZE 7.5`,
    'magic',
    `"n+${version}"`,
    'Convert it to NIfTI; ANALYZE does not say which way round the head lies.',
  );
}

function checkDims(dims: readonly number[], bad: Failure): { dim: [number, number, number]; volumes: number } {
  const count = dims[0]!;
  if (count < 3 || count > 7) throw bad(`${count} dimensions`, 'dim[0]', '3 (one volume) or 4 (a series)');
  for (let axis = 1; axis <= count; axis++) {
    if (!(dims[axis]! >= 1)) throw bad(`length ${dims[axis]}`, `dim[${axis}]`, 'at least 1');
    if (axis > 4 && dims[axis] !== 1) {
      throw bad(`length ${dims[axis]} along dimension ${axis}`, `dim[${axis}]`, 'at most 4 dimensions: x, y, z, time');
    }
  }
  return { dim: [dims[1]!, dims[2]!, dims[3]!], volumes: count >= 4 ? dims[4]! : 1 };
}

/** `vox_offset` may be 0 in files of old writers, which put the voxels right after header and extension flag. */
function dataOffset(found: number, headerSize: number, bad: Failure): number {
  const least = headerSize + 4;
  if (found === 0) return least;
  if (!Number.isFinite(found) || found < headerSize)
    throw bad(`voxels at byte ${found}`, 'vox_offset', `${least} or more`);
  return Math.round(found);
}

/** A float32 such as 2.2 as the decimal that was meant, 2.2 instead of 2.200000047683716; NIfTI-2 holds doubles. */
function roundFloat(value: number, version: 1 | 2): number {
  return Number(value.toPrecision(version === 1 ? 7 : 15));
}
