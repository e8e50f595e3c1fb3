import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, ArtifactType, Produced, PublishedFile, PublishTarget } from './artifact.js';
import { requireShape } from './check-files.js';
import { previewStrip } from './frames-preview.js';
import { fileOf, metaOf, numberIn } from './meta.js';
import { readNpyRows } from './npy.js';
import { published, publishedPath } from './published.js';
import { numericColumn, readTable, writeTable } from './table.js';
import { UserError } from './user-error.js';

/** One average picture. */
export interface FrameRow {
  /** Number from 0. */
  readonly frame: number;
  /** Start of the window in s after the start of the analysed part of the movie. */
  readonly onset: number;
  /** Length of the window in s; the last may be shorter. */
  readonly duration: number;
  /** Pictures of the movie that were averaged. */
  readonly images: number;
}

export interface FramesData {
  readonly rows: readonly FrameRow[];
  /** Length of a full window in s. */
  readonly window: number;
  readonly width: number;
  readonly height: number;
  /** uint8 `[frame, y, x, rgb]`, sRGB; too big to read at once for a long movie. */
  readonly file: string;
  /** Pixels `[y, x, rgb]` of a frame by its number. */
  readFrame(frame: number): Promise<Uint8Array>;
}

export async function readFrames(artifact: Artifact): Promise<FramesData> {
  const file = fileOf(artifact, 'frames.npy');
  const [width, height] = [numberIn(artifact, 'width'), numberIn(artifact, 'height')];
  return {
    rows: await readFrameTable(fileOf(artifact, 'frames.tsv')),
    window: numberIn(artifact, 'window'),
    width,
    height,
    file,
    readFrame: async (frame) => (await readNpyRows(file, frame, frame + 1)).data as Uint8Array,
  };
}

/** `frame-0013`: what files that show a frame are called. */
export function frameName(frame: number): string {
  return `frame-${String(frame).padStart(4, '0')}`;
}

/** Columns frame, onset (s), duration (s), images. */
export async function readFrameTable(file: string): Promise<FrameRow[]> {
  const table = await readTable(file);
  const column = (name: string) => numericColumn(table, name, file);
  const [frame, onset, duration, images] = [column('frame'), column('onset'), column('duration'), column('images')];
  return table.rows.map((_, row) => ({
    frame: frame[row]!,
    onset: onset[row]!,
    duration: duration[row]!,
    images: images[row]!,
  }));
}

export async function writeFrameTable(file: string, rows: readonly FrameRow[]): Promise<void> {
  await writeTable(
    file,
    ['frame', 'onset', 'duration', 'images'],
    rows.map(({ frame, onset, duration, images }) => [frame, onset, duration, images]),
  );
}

async function check(produced: Produced): Promise<void> {
  const [width, height] = [numberIn(produced, 'width'), numberIn(produced, 'height')];
  const { shape } = await requireShape(produced, 'frames.npy', [null, height, width, 3], '|u1');
  const file = fileOf(produced, 'frames.tsv');
  const rows = (await readFrameTable(file)).length;
  if (rows === shape[0]) return;
  throw new UserError({
    message: `${rows} rows for ${shape[0]} frames`,
    place: { file },
    expected: `${shape[0]} rows`,
  });
}

async function publish(artifact: Artifact, target: PublishTarget): Promise<readonly PublishedFile[]> {
  const frames = await readFrames(artifact);
  const { encode } = await import('fast-png');
  const folder = publishedPath(target, 'frames');
  await mkdir(folder, { recursive: true });
  const { width, height } = frames;
  const files: PublishedFile[] = [];
  const names: string[] = [];
  for (const { frame, onset, duration, images } of frames.rows) {
    target.signal?.throwIfAborted();
    const name = `${frameName(frame)}.png`;
    const file = path.join(folder, name);
    await writeFile(file, encode({ width, height, data: await frames.readFrame(frame), depth: 8, channels: 3 }));
    names.push(`${path.basename(folder)}/${name}`);
    const about = {
      description: `Average of ${images} pictures of the movie.`,
      facts: { Onset: onset, Duration: duration },
    };
    files.push(published(file, about));
  }
  const table = publishedPath(target, 'frames.tsv');
  await writeTable(
    table,
    ['frame', 'onset', 'duration', 'images', 'file'],
    frames.rows.map((row, at) => [row.frame, row.onset, row.duration, row.images, names[at]!]),
  );
  const about = {
    description: 'Windows of the movie; each was averaged into one picture.',
    units: 's (onset, duration)',
    facts: metaOf({ Window: frames.window, Width: width, Height: height }),
  };
  return [published(table, about), ...(await publishPreview(frames, target, encode)), ...files];
}

async function publishPreview(
  frames: FramesData,
  target: PublishTarget,
  encode: typeof import('fast-png').encode,
): Promise<readonly PublishedFile[]> {
  if (frames.rows.length === 0) return [];
  const { pixels, width, height, onsets } = await previewStrip(frames);
  const file = publishedPath(target, 'preview.png');
  await writeFile(file, encode({ width, height, data: pixels, depth: 8, channels: 3 }));
  return [published(file, { description: 'Strip of pictures, evenly spaced.', facts: { Onset: onsets } })];
}

export const framesType: ArtifactType = {
  name: 'frames',
  title: 'pictures of the movie, averaged over windows of time',
  description: [
    '- `frames.npy`: uint8 `[frame, y, x, rgb]`, sRGB, first row at the top',
    '- `frames.tsv`: frame (from 0), onset (s), duration (s), images (pictures that were averaged)',
    '- meta: `window` (s), `width`, `height` (pixels)',
  ].join('\n'),
  check,
  publish,
};
