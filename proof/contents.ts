import { readFile } from 'node:fs/promises';
import { decode } from 'fast-png';
import type { Artifact, Json, JsonObject } from '../artifacts/artifact.js';
import { ijkOf, mmOf, readImageHeader, visitImage, voxelCount } from '../artifacts/image.js';
import { readMask } from '../artifacts/mask.js';
import { readNpy, readNpyHeader, readNpyRows } from '../artifacts/npy.js';
import { hashFile } from '../cache/digest.js';
import { mmText, placeIn } from './place.js';
import { placeOfNumber, splitNumbers } from './split-numbers.js';

/** Elements of an array that are held at a time: 8 MB of doubles. */
const BLOCK = 1 << 20;

/** Bytes; nobody compares the numbers of a longer text. */
const LARGEST_TEXT = 1 << 24;

/** A part of an array: consecutive elements, or, where `indices` are given, single elements of an array that is 0 elsewhere. */
export interface Block {
  readonly values: ArrayLike<number> & ArrayBufferView;
  readonly indices?: Float64Array;
}

/**
 * What an artifact says, apart from how it lies on disk: arrays with their shape, affine and the header fields that matter,
 * numbers and words of tables. Compression, byte order, dates and descriptions are not part of it.
 */
export interface Content {
  /** `t.npy`, `mask.nii.gz`, `pictures`, `meta`. */
  readonly name: string;
  /**
   * `array`: numbers of one kind. `mixed`: numbers of several scales (a table), to be compared relative to themselves.
   * `sparse`: an array that is 0 except where it says. `picture`: sums of pixels. `follows`: a drawing or a list that only repeats in another
   * form what other contents of the artifact say; a difference counts there, not here.
   */
  readonly kind: 'array' | 'mixed' | 'sparse' | 'picture' | 'follows';
  readonly shape: readonly number[];
  /** Affine and header fields, or whatever else must be equal. */
  readonly facts: JsonObject;
  /** Everything that is not a number: names of columns, words, the keys of JSON. */
  readonly words: string;
  /** The numbers, in order. */
  blocks(): AsyncIterable<Block>;
  /** Where the number with this index is, for people. */
  place(index: number): Promise<string>;
}

/** The contents of an artifact, in the order of the names of its files; what its `meta` says comes last. */
export async function contentsOf(artifact: Pick<Artifact, 'type' | 'files' | 'meta'>): Promise<Content[]> {
  const roles = Object.keys(artifact.files).sort();
  const pictures = roles.filter((role) => role.endsWith('.png'));
  const contents: Content[] = [];
  for (const role of roles) {
    if (artifact.type === 'thresholded' && /^(indptr|voxel|label|value)\.npy$/.test(role)) continue;
    if (!role.endsWith('.png')) contents.push(await fileContent(artifact, role));
  }
  if (artifact.type === 'thresholded') contents.push(await passedContent(artifact.files));
  if (pictures.length > 0) contents.push(pictureContent(artifact.files, pictures));
  if (Object.keys(artifact.meta).length > 0) contents.push(mixed('meta', JSON.stringify(sorted(artifact.meta))));
  return contents;
}

async function fileContent(artifact: Pick<Artifact, 'type' | 'files'>, role: string): Promise<Content> {
  const file = artifact.files[role]!;
  if (role.endsWith('.npy')) return npyContent(role, artifact.files);
  if (/\.nii(\.gz)?$/.test(role)) return imageContent(role, file);
  if (role.endsWith('.svg')) return { ...mixed(role, await readFile(file, 'utf8')), kind: 'follows' };
  if (/\.(tsv|csv|json|txt)$/.test(role)) {
    const content = mixed(role, await readFile(file, 'utf8'));
    const repeats = artifact.type === 'thresholded' && /^(clusters|peaks|thresholds)\.tsv$/.test(role);
    return repeats ? { ...content, kind: 'follows' } : content;
  }
  // Unknown bytes (a film, a weight file): equal or not, nothing in between.
  const { digest, size } = await hashFile(file);
  const text = size < LARGEST_TEXT ? await readFile(file, 'utf8') : '\0';
  return /[\0\uFFFD]/.test(text) ? { ...mixed(role, ''), facts: { digest, size } } : mixed(role, text);
}

async function npyContent(name: string, files: Artifact['files']): Promise<Content> {
  const file = files[name]!;
  const { shape, dtype, fortranOrder } = await readNpyHeader(file);
  const rows = shape[0] ?? 1;
  const rowSize = shape.slice(1).reduce((product, length) => product * length, 1);
  const perBlock = Math.max(1, Math.floor(BLOCK / Math.max(1, rowSize)));
  return {
    name,
    kind: 'array',
    shape,
    facts: { dtype },
    words: '',
    async *blocks() {
      if (fortranOrder || shape.length === 0) yield { values: (await readNpy(file)).data };
      else {
        for (let row = 0; row < rows; row += perBlock)
          yield { values: (await readNpyRows(file, row, Math.min(rows, row + perBlock))).data };
      }
    },
    place: (index) => placeIn(files, shape, index),
  };
}

async function imageContent(name: string, file: string): Promise<Content> {
  const { grid, volumes, tr, intent } = await readImageHeader(file);
  const facts: Json = {
    affine: grid.affine as Json,
    space: grid.spaceCode,
    ...(volumes > 1 && tr !== null ? { tr } : {}),
    ...(intent.code === 0 ? {} : { intent: intent.code, parameters: intent.parameters }),
  };
  return {
    name,
    kind: 'array',
    shape: [...(volumes > 1 ? [volumes] : []), grid.dim[2], grid.dim[1], grid.dim[0]],
    facts,
    words: '',
    blocks: () => volumesOf(file),
    async place(index) {
      const [volume, offset] = [Math.floor(index / voxelCount(grid)), index % voxelCount(grid)];
      const where = `voxel (${ijkOf(grid, offset).join(', ')}), ${mmText(mmOf(grid, offset))}`;
      return volumes > 1 ? `volume ${volume + 1}, ${where}` : where;
    },
  };
}

/** The volumes of an image one at a time, so that whoever reads two images at once holds two volumes. */
async function* volumesOf(file: string): AsyncGenerator<Block> {
  const over = new AbortController();
  let offer: (block: Block | undefined) => void = () => {};
  let taken: () => void = () => {};
  let next = new Promise<Block | undefined>((resolve) => {
    offer = resolve;
  });
  const visit = (values: Float64Array) =>
    new Promise<void>((resolve) => {
      taken = resolve;
      offer({ values });
    });
  const ended = visitImage(file, visit, over.signal).then(() => offer(undefined));
  ended.catch(() => undefined);
  try {
    for (;;) {
      const block = await Promise.race([next, ended.then(() => next)]);
      if (!block) return;
      yield block;
      next = new Promise((resolve) => {
        offer = resolve;
      });
      taken();
    }
  } finally {
    // A reader that stops early lets go of the file.
    over.abort();
    taken();
  }
}

/** What passed a threshold, as the map `[row, voxel]` that is 0 where nothing did. */
async function passedContent(files: Artifact['files']): Promise<Content> {
  const indptr = (await readNpy(files['indptr.npy']!)).data;
  const rows = indptr.length - 1;
  const width = (await readMask(files['mask.nii.gz']!)).voxels.length;
  return {
    name: 'passed',
    kind: 'sparse',
    shape: [rows, width],
    facts: {},
    words: '',
    async *blocks() {
      let row = 0;
      const total = indptr[rows]!;
      for (let from = 0; from < total; from += BLOCK) {
        const to = Math.min(total, from + BLOCK);
        const voxel = (await readNpyRows(files['voxel.npy']!, from, to)).data;
        const values = (await readNpyRows(files['value.npy']!, from, to)).data;
        const indices = new Float64Array(voxel.length);
        for (let i = 0; i < voxel.length; i++) {
          while (indptr[row + 1]! <= from + i) row += 1;
          indices[i] = row * width + voxel[i]!;
        }
        yield { values, indices };
      }
    },
    place: (index) => placeIn(files, [rows, width], index),
  };
}

/** Channels of neighbouring pixels whose sum is one number: differences show, at a 64th of the time. */
const PIXELS = 64;

/** All PNG files of an artifact as one row of sums of pixels, along their rows. */
function pictureContent(files: Artifact['files'], roles: readonly string[]): Content {
  return {
    name: 'pictures',
    kind: 'picture',
    shape: [roles.length],
    facts: {},
    words: roles.join('\n'),
    async *blocks() {
      for (const role of roles) yield { values: await pixelSumsOf(files[role]!) };
    },
    async place(index) {
      let rest = index;
      for (const role of roles) {
        const { length } = await pixelSumsOf(files[role]!);
        if (rest < length) return role;
        rest -= length;
      }
      return '';
    },
  };
}

async function pixelSumsOf(file: string): Promise<Float64Array> {
  return pixelSums(decode(await readFile(file)).data as Uint8Array);
}

function pixelSums(pixels: Uint8Array): Float64Array {
  const sums = new Float64Array(Math.ceil(pixels.length / PIXELS));
  for (let i = 0; i < pixels.length; i++) sums[Math.floor(i / PIXELS)]! += pixels[i]!;
  return sums;
}

function mixed(name: string, text: string): Content {
  const { numbers, words } = splitNumbers(text);
  return {
    name,
    kind: 'mixed',
    shape: [numbers.length],
    facts: {},
    words,
    async *blocks() {
      yield { values: numbers };
    },
    place: async (index) => placeOfNumber(text, index),
  };
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as JsonObject;
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, sorted(object[key]!)]),
  );
}
