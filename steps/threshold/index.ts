import type { Problem } from '../../artifacts/user-error.js';
import type { StepType } from '../../engine/step-type.js';

export const corrections = [
  'none',
  'fdr',
  'fdr-by',
  'bonferroni',
  'fwe-voxel',
  'fwe-cluster-extent',
  'fwe-cluster-mass',
  'tfce',
  'rft-voxel',
  'rft-cluster',
] as const;

export type Correction = (typeof corrections)[number];

export interface ThresholdParams {
  statistic: string;
  correction: Correction;
  p?: number;
  value?: number;
  family: 'map' | 'all';
  cluster_p: number;
  sides: 'one' | 'two';
  min_extent: number;
  connectivity: 6 | 18 | 26;
  peaks: number;
  peak_distance: number;
}

export const thresholdStep: StepType<ThresholdParams> = {
  name: 'threshold',
  version: 3,
  title: 'Threshold, corrected or not, and clusters of statistical maps',
  description: `Keeps the voxels of every map that pass, joins them into clusters, and lists clusters and peaks.

| \`correction\` | a voxel passes when | p is corrected for |
| --- | --- | --- |
| \`none\` | its own p is at most \`p\` | nothing |
| \`fdr\`, \`fdr-by\` | false discoveries are expected to be at most a share \`p\` of what passes: Benjamini and Hochberg; Benjamini and Yekutieli, for any dependence | voxels |
| \`bonferroni\` | its p times the number of voxels is at most \`p\` | voxels |
| \`fwe-voxel\` | at most a share \`p\` of permutations has so large a t anywhere | voxels, by permutation |
| \`fwe-cluster-extent\`, \`fwe-cluster-mass\` | … so large a cluster anywhere, or one of so much mass, as the voxel's | clusters, by permutation |
| \`tfce\` | … so large a TFCE anywhere | voxels, by permutation |
| \`rft-voxel\` | P of so large a value anywhere is at most \`p\`, by random field theory or Bonferroni, whichever is smaller | voxels, as SPM |
| \`rft-cluster\` | P of so large a cluster anywhere is at most \`p\`; clusters formed at \`cluster_p\` | clusters, as SPM |

- **Permutation** takes the maps of the step \`permute\`, which has made the permutations; sides and, for clusters, height and
  connectivity are those of \`permute\`. For \`fwe-voxel\` also those of \`surrogates\`, whose null distribution is of regressors as slow as the film's. **Random field theory** takes the table of the step \`smoothness\`. It is only as good as
  its assumptions (smooth, Gaussian, a high threshold); clusters formed above p = 0.001 get p that are too small.
- p of t by the degrees of freedom of the maps, of \`z\` by the normal distribution, of \`F\` (one-sided) by both its degrees of
  freedom. Values equal to the threshold pass, NaN never. With \`sides: two\`, p is that of the absolute value, and negative values
  pass too. One-sided is the default, as for a contrast in SPM.
- **Family.** Every map is corrected for its own voxels: of 4224 maps at p = 0.05, some 200 have a false find. \`family: all\` corrects for
  all voxels (or clusters) of all maps together.
- Positive and negative voxels never share a cluster. In each map clusters are numbered by falling size, 1, 2, … the
  positive ones and -1, -2, … the negative ones; equal sizes by the higher peak, then by place in the file.
- Kernels that the fit left out (no variance, collinear) have no clusters: they count as not activating.

**Tables.** \`clusters.tsv\`: size in voxels and mm³; \`mass\`, the sum of what the absolute statistic is above the height; the peak, the voxel of the largest absolute
statistic (of equals the first in the file), its value, index, place in mm; the centre of mass, weighted by the absolute statistic;
\`p_uncorrected\` of the peak; \`p_corrected\` of the cluster where the correction is one of clusters, else of its peak (\`tfce\`: of its best
voxel); for permutations the 95 % interval \`p_low\` to \`p_high\`, since p is then an estimate (exact where all were made). \`peaks.tsv\`:
the \`peaks\` highest local maxima of every cluster that are at least \`peak_distance\` apart. \`thresholds.tsv\`: for every map the height, the
least extent or mass, and what passed. With an atlas, on the grid of the maps: the region of each peak, and the regions that a
cluster lies in.`,
  sources: [
    'Sohn et al. (2024), Psychoradiology 4, kkae021: P < 0.001',
    'Benjamini & Hochberg (1995), J R Stat Soc B 57:289-300; Benjamini & Yekutieli (2001), Ann Stat 29:1165-1188',
    'Nichols & Holmes (2002), Human Brain Mapping 15:1-25: permutation',
    'Worsley et al. (1996), Human Brain Mapping 4:58-73; Friston et al. (1994), Human Brain Mapping 1:210-220: random fields',
    'SPM12: spm_clusters (connectivity 18), spm_P_RF, spm_uc; spm_list (three peaks, 8 mm apart)',
  ],
  inputs: {
    maps: {
      type: 'maps',
      description: 'Maps of a statistic, one per kernel; for permutation those of `permute` or `surrogates`.',
    },
    smoothness: {
      type: 'table',
      optional: true,
      description: 'Of the residuals, from `smoothness`; for random field theory.',
    },
    atlas: { type: 'atlas', optional: true, description: 'Names the regions of peaks and clusters.' },
  },
  outputs: {
    thresholded: { type: 'thresholded', description: 'The voxels that passed, their clusters, and the tables.' },
  },
  example: { name: 'significant', in: { maps: 'steps.group' }, with: { p: 0.001, sides: 'one', min_extent: 10 } },
  params: {
    type: 'object',
    properties: {
      statistic: {
        type: 'string',
        default: 't',
        description:
          'Which of the maps to threshold: `t`, `z`, `F`, or another that the maps hold (then with `value`).',
      },
      correction: { enum: corrections, default: 'none', description: 'What p is corrected for, and how.' },
      p: {
        type: 'number',
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        examples: [0.001, 0.05],
        description:
          'The level of p, corrected if there is a correction. Default: 0.001 without a correction, 0.05 with one. Not used when `value` is given.',
      },
      value: {
        type: 'number',
        exclusiveMinimum: 0,
        examples: [3.1],
        description: 'Height threshold as a value of the statistic, in its unit, instead of `p`.',
      },
      family: {
        enum: ['map', 'all'],
        default: 'map',
        description: 'Whether every map is corrected for itself, or all together.',
      },
      cluster_p: {
        type: 'number',
        exclusiveMinimum: 0,
        exclusiveMaximum: 0.5,
        default: 0.001,
        description: 'Height that forms the clusters of `rft-cluster`, as an uncorrected p.',
      },
      sides: {
        enum: ['one', 'two'],
        default: 'one',
        description: '`one`: only positive effects. `two`: positive and negative.',
      },
      min_extent: {
        type: 'integer',
        minimum: 1,
        default: 1,
        unit: 'voxels',
        description: 'Smaller clusters are left out, whatever their p. 1 keeps all.',
      },
      connectivity: {
        enum: [6, 18, 26],
        default: 18,
        description: 'Neighbours of a voxel: 6 share a face, 18 also an edge (as SPM), 26 also a corner.',
      },
      peaks: { type: 'integer', minimum: 1, default: 3, description: 'Most peaks that are listed of a cluster.' },
      peak_distance: {
        type: 'number',
        minimum: 0,
        default: 8,
        unit: 'mm',
        description: 'Least distance between two listed peaks of a cluster.',
      },
    },
  },
  checkParams,
  needs: () => ({ memoryMB: 768 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};

/** Corrections that need the maps of `permute`. */
export function isPermuted(correction: Correction): boolean {
  return correction.startsWith('fwe-') || correction === 'tfce';
}

/** The level that is meant. */
export function levelOf({ p, correction }: Pick<ThresholdParams, 'p' | 'correction'>): number {
  return p ?? (correction === 'none' ? 0.001 : 0.05);
}

function checkParams({ statistic, correction, p, value, family, sides }: ThresholdParams): readonly Problem[] {
  if (value !== undefined) {
    if (correction === 'none') return [];
    return [
      {
        message: `a threshold by value cannot be corrected (${correction})`,
        keys: ['value'],
        expected: 'p with a correction, or a value without',
      },
    ];
  }
  const problems: Problem[] = [];
  const distributed = ['t', 'z', 'F'];
  if (!distributed.includes(statistic)) {
    problems.push({
      message: `the statistic "${statistic}" has no height threshold by p`,
      keys: ['statistic'],
      expected: 't, z or F, or a threshold in the statistic’s own unit under `value`',
    });
  }
  if (isPermuted(correction) && statistic !== 't') {
    problems.push({ message: `permutations are of t, not of ${statistic}`, keys: ['statistic'], expected: 't' });
  }
  if (correction.startsWith('rft-') && statistic === 'F') {
    problems.push({ message: `${correction} of F is not offered`, keys: ['correction'], expected: 't or z' });
  }
  if (correction.startsWith('rft-') && family === 'all') {
    problems.push({
      message: `${correction} corrects within a map`,
      keys: ['family'],
      expected: '"map", or the correction fwe-voxel, which can take all maps together',
    });
  }
  if (statistic === 'F' && sides === 'two') {
    problems.push({ message: 'F has one side', keys: ['sides'], expected: 'one' });
  }
  if (correction === 'none' && family === 'all') {
    problems.push({ message: 'without a correction there is no family', keys: ['family'], expected: '"map"' });
  }
  if (sides === 'one' && p !== undefined && p >= 0.5) {
    problems.push({
      message: `a one-sided p of ${p} puts the threshold at or below 0`,
      keys: ['p'],
      expected: 'p below 0.5',
    });
  }
  return problems;
}
