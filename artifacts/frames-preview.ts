import { areaAverage } from '../numerics/pictures/area-average.js';
import type { FramesData } from './frames.js';

/** Height of the strip and white gap between pictures, in pixels; and how many pictures it shows at most. */
const HEIGHT = 90;
const GAP = 2;
const MOST = 12;

export interface PreviewStrip {
  /** RGB `[y, x, rgb]`. */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Onsets of the pictures that are shown, in s. */
  readonly onsets: readonly number[];
}

/** Up to twelve pictures, evenly spaced from the first to the last, side by side: whether it is the right movie, upright and whole. */
export async function previewStrip(frames: FramesData): Promise<PreviewStrip> {
  const count = Math.min(MOST, frames.rows.length);
  const chosen = Array.from(
    { length: count },
    (_, i) => frames.rows[count === 1 ? 0 : Math.round((i * (frames.rows.length - 1)) / (count - 1))]!,
  );
  const height = Math.min(HEIGHT, frames.height);
  const each = Math.max(1, Math.round((frames.width * height) / frames.height));
  const width = count * (each + GAP) - GAP;
  const pixels = new Uint8Array(width * height * 3).fill(255);
  for (const [place, { frame }] of chosen.entries()) {
    const small = shrunk(await frames.readFrame(frame), frames.width, frames.height, each, height);
    for (let y = 0; y < height; y++) {
      pixels.set(small.subarray(y * each * 3, (y + 1) * each * 3), (y * width + place * (each + GAP)) * 3);
    }
  }
  return { pixels, width, height, onsets: chosen.map(({ onset }) => onset) };
}

function shrunk(picture: Uint8Array, width: number, height: number, columns: number, rows: number): Uint8Array {
  const out = new Uint8Array(columns * rows * 3);
  const channel = new Float64Array(width * height);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < channel.length; i++) channel[i] = picture[3 * i + c]!;
    const small = areaAverage(channel, width, height, columns, rows);
    for (let i = 0; i < small.length; i++) out[3 * i + c] = Math.round(small[i]!);
  }
  return out;
}
