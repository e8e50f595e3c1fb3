import type { Artifact } from '../../artifacts/artifact.js';
import { fileOf } from '../../artifacts/meta.js';
import { numericColumn, readTable, type Table, textColumn } from '../../artifacts/table.js';

export interface RegionPeak {
  /** From 1, in order of time. */
  readonly number: number;
  /** s */
  readonly time: number;
  readonly stimulusTime: number;
  readonly height: number;
}

export interface Region {
  readonly name: string;
  /** Value of its voxels in `regions.nii.gz`. */
  readonly index: number;
  readonly voxels: number;
  readonly subjects: number;
  readonly kernels: readonly string[];
  readonly peaks: readonly RegionPeak[];
}

/** The regions of a reverse analysis with their kernels and peaks, in their order. */
export async function readRegions(reversal: Artifact): Promise<Region[]> {
  const table = await readTable(fileOf(reversal, 'regions.tsv'));
  const peaks = await readTable(fileOf(reversal, 'peaks.tsv'));
  const number = (of: Table, name: string) => numericColumn(of, name, of === peaks ? 'peaks.tsv' : 'regions.tsv');
  const owner = textColumn(peaks, 'region', 'peaks.tsv');
  const [nth, time, stimulus, height] = ['peak', 'time', 'stimulus_time', 'height'].map((name) => number(peaks, name));
  const kernels = textColumn(table, 'kernels', 'regions.tsv');
  const [index, voxels, subjects] = ['index', 'voxels', 'subjects'].map((name) => number(table, name));
  return textColumn(table, 'name', 'regions.tsv').map((name, r) => ({
    name,
    index: index![r]!,
    voxels: voxels![r]!,
    subjects: subjects![r]!,
    kernels: kernels[r]!.split(',').filter((kernel) => kernel !== '' && kernel !== 'n/a'),
    peaks: owner.flatMap((of, p) =>
      of === name ? [{ number: nth![p]!, time: time![p]!, stimulusTime: stimulus![p]!, height: height![p]! }] : [],
    ),
  }));
}

/** `conv5_3` of `conv5_3/k276`; nothing for series of the user's own. */
export function layerOf(kernel: string): string {
  return kernel.includes('/') ? kernel.slice(0, kernel.indexOf('/')) : '';
}
