import { mmOf } from '../artifacts/grid.js';
import { readKernels } from '../artifacts/kernels.js';
import { readMask } from '../artifacts/mask.js';

/**
 * Where an element of an array of an artifact lies, for people: `conv1_1/k3 at (3, -12, 40) mm` where an axis is as long as
 * the artifact's list of names or its mask, else by number from 0: `[17, 4]`.
 * @param files of the artifact, by role
 * @param index in C order
 */
export async function placeIn(
  files: Readonly<Record<string, string>>,
  shape: readonly number[],
  index: number,
): Promise<string> {
  const list = files['rows.tsv'] ?? files['kernels.tsv'];
  const names = list === undefined ? [] : (await readKernels(list)).map(({ name }) => name);
  const mask = files['mask.nii.gz'] === undefined ? undefined : await readMask(files['mask.nii.gz']);
  const words: string[] = [];
  const numbers: number[] = [];
  let rest = index;
  for (const length of [...shape].reverse()) {
    const at = rest % length;
    rest = Math.floor(rest / length);
    if (length === mask?.voxels.length) words.push(`at ${mmText(mmOf(mask.grid, mask.voxels[at]!))}`);
    else if (length === names.length) words.unshift(names[at]!);
    else numbers.unshift(at);
  }
  if (numbers.length > 0) words.push(`[${numbers.join(', ')}]`);
  return words.join(' ');
}

/** `(3, -12.5, 40) mm`. */
export function mmText(mm: readonly number[]): string {
  return `(${mm.map((value) => Math.round(value * 10) / 10 + 0).join(', ')}) mm`;
}
