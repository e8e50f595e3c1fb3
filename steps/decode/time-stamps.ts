/** webm and mkv keep whole milliseconds: a frame this much before a moment (s) belongs to it. */
export const ROUNDING = 0.0005 + 1e-9;
/** Precision of the length that a file states, as ffmpeg prints it, in s. */
const STATED = 0.01;

/** When the pictures end, in s, if by their time stamps it is at `end`: not beyond the length stated by the file, unless a frame is. */
export function endOfFrames(end: number, last: number, stated: number | null): number {
  return stated !== null && end > stated + STATED ? Math.max(stated, last) : end;
}
