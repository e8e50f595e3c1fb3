import type { StepType } from '../../engine/step-type.js';

export interface ThresholdParams {
  readonly statistic: string;
  readonly p: number;
  readonly value?: number;
  readonly sides: 'one' | 'two';
  readonly min_extent: number;
  readonly connectivity: 6 | 18 | 26;
}

export const thresholdStep: StepType<ThresholdParams> = {
  name: 'threshold',
  version: 1,
  title: 'Height threshold and clusters of statistical maps',
  description: `Keeps the voxels of every map whose statistic reaches the threshold and joins them into clusters.

- A voxel passes when \`statistic >= threshold\`; the threshold is the quantile of Student's t (with the degrees of
  freedom of the maps) or of the normal distribution (\`statistic: z\`) that leaves \`p\` above it. With \`sides: two\`
  it leaves \`p / 2\`, and \`-statistic >= threshold\` passes too. One-sided is the default, as for a contrast in SPM.
- p is not corrected for the number of voxels or of maps. NaN never passes.
- Positive and negative voxels never share a cluster. In each map clusters are numbered by falling size, 1, 2, … the
  positive ones and -1, -2, … the negative ones; equal sizes by the higher peak, then by place in the file.
- Kernels that the fit left out (no variance, collinear) have no clusters: they count as not activating.
- Peaks are the voxel of the largest absolute statistic (of equals the first in the file); centres of mass are weighted
  by the absolute statistic. Positions are in mm by the image's affine, volumes in mm³.`,
  sources: ['Sohn et al. (2024), Psychoradiology 4, kkae021: P < 0.001', 'SPM12 spm_clusters: connectivity 18'],
  inputs: { maps: { type: 'maps', description: 'Maps of a statistic, one per kernel.' } },
  outputs: {
    thresholded: { type: 'thresholded', description: 'The voxels that passed, their clusters, and the cluster table.' },
  },
  params: {
    type: 'object',
    properties: {
      statistic: {
        type: 'string',
        default: 't',
        description: 'Which of the maps to threshold: `t`, `z`, or another that the maps hold (then with `value`).',
      },
      p: {
        type: 'number',
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
        default: 0.001,
        description: 'Height threshold as a probability, uncorrected. Not used when `value` is given.',
      },
      value: {
        type: 'number',
        exclusiveMinimum: 0,
        description: 'Height threshold as a value of the statistic, in its unit, instead of `p`.',
      },
      sides: {
        enum: ['one', 'two'],
        default: 'one',
        description: '`one`: only positive effects. `two`: positive and negative, `p / 2` on each side.',
      },
      min_extent: {
        type: 'integer',
        minimum: 1,
        default: 1,
        unit: 'voxels',
        description: 'Smaller clusters are left out. 1 keeps all.',
      },
      connectivity: {
        enum: [6, 18, 26],
        default: 18,
        description: 'Neighbours of a voxel: 6 share a face, 18 also an edge (as SPM), 26 also a corner.',
      },
    },
  },
  checkParams({ statistic, p, value, sides }) {
    if (value !== undefined) return [];
    if (statistic !== 't' && statistic !== 'z') {
      return [
        {
          message: `the statistic "${statistic}" has no height threshold by p`,
          keys: ['statistic'],
          expected: 't or z, or a threshold in the statistic’s own unit under `value`',
        },
      ];
    }
    if (sides === 'one' && p >= 0.5) {
      return [
        { message: `a one-sided p of ${p} puts the threshold at or below 0`, keys: ['p'], expected: 'p below 0.5' },
      ];
    }
    return [];
  },
  needs: () => ({ memoryMB: 512 }),
  run: async (context) => (await import('./run.js')).run(context),
};
