import type { Artifact } from '../../artifacts/artifact.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { fileOf } from '../../artifacts/meta.js';
import { numericColumn, readTable, textColumn } from '../../artifacts/table.js';
import { UserError } from '../../artifacts/user-error.js';
import { heightOfP } from '../../numerics/height.js';
import {
  chanceClusters,
  clusterP,
  criticalExtent,
  type Field,
  type Resels,
  voxelHeight,
  voxelP,
} from '../../numerics/random-field.js';
import { levelOf, type ThresholdParams } from './index.js';
import { type Found, type RuleContext, requireDistribution, type ThresholdRule } from './rule.js';

/** Smoothness of a map's noise, in voxels, and what its mask has in units of it. */
interface MapField {
  readonly resels: Resels;
  readonly reselsPerVoxel: number;
  readonly voxels: number;
}

/** Corrected by random field theory, with the smoothness of every map. */
export async function fieldRule(
  context: RuleContext,
  kernels: readonly Kernel[],
  leftOut: readonly boolean[],
  smoothness: Artifact | undefined,
): Promise<ThresholdRule> {
  const { params, rows } = context;
  const distribution = requireDistribution(context);
  const field: Field = distribution.of === 't' ? { df: distribution.df } : {};
  const fields = await fieldsOf(kernels, leftOut, smoothness, params);
  const sides = params.sides === 'two' ? 2 : 1;
  const level = levelOf(params) / sides;
  const minExtents = new Float64Array(rows).fill(params.min_extent);
  // A level for each side; p of both sides together.
  const both = (p: number) => Math.min(1, sides * p);
  if (params.correction === 'rft-voxel') {
    const heights = Float64Array.from(fields, (one) =>
      one ? voxelHeight(level, one.resels, one.voxels, field) : Number.POSITIVE_INFINITY,
    );
    const ofVoxel = (row: number, { value }: Found) => {
      const { resels, voxels } = fields[row]!;
      return both(voxelP(Math.abs(value), resels, voxels, field));
    };
    return { heights, minExtents, ofCluster: ofVoxel, ofPeak: ofVoxel, threshold: null };
  }
  const height = heightOfP(params.cluster_p, distribution, params.sides);
  const chances = fields.map((one) => one && chanceClusters(height, one.resels, field));
  fields.forEach((one, row) => {
    const least = one ? criticalExtent(level, chances[row]!, one.reselsPerVoxel) : Number.POSITIVE_INFINITY;
    minExtents[row] = Math.max(minExtents[row]!, least);
  });
  return {
    heights: new Float64Array(rows).fill(height),
    minExtents,
    ofCluster: (row, { size }) => both(clusterP(size * fields[row]!.reselsPerVoxel, chances[row]!)),
    ofPeak: () => null,
    threshold: height,
  };
}

/** `[row]`; null for maps that are left out. */
async function fieldsOf(
  kernels: readonly Kernel[],
  leftOut: readonly boolean[],
  smoothness: Artifact | undefined,
  { correction }: ThresholdParams,
): Promise<(MapField | null)[]> {
  if (!smoothness) {
    throw new UserError({
      message: `the correction ${correction} needs the smoothness of the residuals`,
      keys: ['correction'],
      expected: '`smoothness` under `in`: the table of the step "smoothness"',
    });
  }
  const file = fileOf(smoothness, 'table.tsv');
  const table = await readTable(file);
  const names = textColumn(table, 'name', file);
  const column = (name: string) => numericColumn(table, name, file);
  const fwhm = ['fwhm_x', 'fwhm_y', 'fwhm_z'].map(column);
  const resels = ['resels_0', 'resels_1', 'resels_2', 'resels_3'].map(column);
  const voxels = column('voxels');
  const places = new Map(names.map((name, place) => [name, place]));
  return kernels.map(({ name }, row) => {
    if (leftOut[row]) return null;
    const place = places.get(name);
    if (place === undefined || Number.isNaN(resels[3]![place]!)) {
      throw new UserError({
        message: `the table of smoothness has no row for "${name}"`,
        place: { file },
        expected: 'a row for every map that is thresholded',
        hint: 'Name the same kernels in "smoothness" as in the maps.',
      });
    }
    return {
      resels: resels.map((values) => values[place]!) as unknown as Resels,
      reselsPerVoxel: fwhm.reduce((product, values) => product / values[place]!, 1),
      voxels: voxels[place]!,
    };
  });
}
