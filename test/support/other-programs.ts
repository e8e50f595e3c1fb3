import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './shared.js';

interface Tested {
  readonly t: number[];
  readonly p_twosided: number[];
}

interface Permuted {
  readonly t: number[];
  /** Of all rearrangements, increasing. */
  readonly maxima: number[];
  readonly p_fwe: number[];
}

/** Numbers of scipy, statsmodels and nipy from data that `test/references/make.py` draws; it says how each was made. */
export const otherPrograms = JSON.parse(
  readFileSync(path.join(root, 'test', 'references', 'references.json'), 'utf8'),
) as {
  readonly versions: Record<string, string>;
  readonly group: {
    /** [subject][voxel] */
    readonly effects: number[][];
    readonly second: number[][];
    readonly patients: boolean[];
    readonly age: number[];
    readonly score: number[];
    readonly two_sample: Tested;
    readonly welch: Tested & { readonly df: number[] };
    readonly paired: Tested;
    readonly regression: Tested & Record<'effect' | 'se' | 'mean' | 'mean_se', number[]>;
    readonly F: { readonly F: number[]; readonly p: number[] };
    readonly two_sample_covariate: Record<'effect' | 'se' | 't', number[]>;
  };
  readonly fixed_effects: {
    /** [run][voxel] */
    readonly effect: number[][];
    readonly se: number[][];
    readonly precision: { readonly effect: number[]; readonly se: number[] };
  };
  readonly discoveries: { readonly p: number[] } & Record<
    'fdr_bh' | 'fdr_by' | 'bonferroni',
    { readonly passed: number; readonly adjusted: number[] }
  >;
  readonly permutations: {
    /** [subject][voxel] */
    readonly effects: number[][];
    readonly one_sample: Permuted;
    readonly two_sample: Permuted;
  };
  /** `values` and `connectivity<n>_E<e>_H<h>` [voxel], x fastest. */
  readonly enhancement: { readonly shape: [number, number, number]; readonly values: number[] } & Record<
    string,
    number[]
  >;
  readonly random_fields: { readonly heights: number[] } & Record<'normal' | 't13' | 't28', number[][]>;
  readonly residuals: readonly {
    readonly series: number[];
    /** [column][time] */
    readonly nuisance: number[][];
    readonly kernel: number[];
    readonly durbin_watson: number;
    readonly lag1: number;
    readonly power: number[];
  }[];
  /** Voxels x fastest, sizes in mm. */
  readonly smoothing: {
    readonly shape: [number, number, number];
    readonly voxel_size: [number, number, number];
    readonly data: number[];
    readonly fwhm5: number[];
    readonly fwhm8: number[];
  };
};
