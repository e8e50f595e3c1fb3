import path from 'node:path';
import type { Artifact, ArtifactType, JsonObject, Produced } from './artifact.js';
import { requireShape } from './check-files.js';
import { requireMaskOf } from './fit.js';
import { type Kernel, readKernels, writeKernels } from './kernels.js';
import { publishMaps } from './maps-publish.js';
import { type Mask, readMask, writeMask } from './mask.js';
import { fileOf, filesAt, metaOf, untrainedOf } from './meta.js';
import { createNpy, type NpyDtype, type NpyWriter, readNpyColumns, readNpyRows } from './npy.js';

/** What a statistic is. */
export interface StatisticFacts {
  /** `1`, `BOLD units per unit of regressor`, `share of kernels`. */
  readonly units: string;
  /** Degrees of freedom, of t; of F those below the line. */
  readonly df?: number;
  /** Of F: those above the line. Absent where they differ between rows. */
  readonly df1?: number;
}

/** Everything about a set of maps but the values. */
export interface MapsFacts {
  /** `group` (over subjects), `subject` (one fit) or `probability` (a row per layer or difference of layers). */
  readonly kind: 'group' | 'subject' | 'probability';
  readonly statistics: Readonly<Record<string, StatisticFacts>>;
  /** What each row is: a kernel, a contrast, or a layer. `status` other than `fitted`: the row holds NaN or 0. */
  readonly rows: readonly Kernel[];
  readonly mask: Mask;
  readonly df?: number;
  /** Number of subjects. */
  readonly n?: number;
  readonly untrained?: boolean;
  /** Further facts for the sidecar and for readers. */
  readonly more?: JsonObject;
}

export interface StoredMaps extends MapsFacts {
  readonly voxels: number;
  /** `[row, voxel]` of rows `first` to `end` (excluded). */
  readRows(statistic: string, first: number, end: number): Promise<Float32Array | Float64Array>;
  /** `[row, voxel]` of all rows at the voxels `first` to `end` (excluded). */
  readColumns(statistic: string, first: number, end: number): Promise<Float32Array | Float64Array>;
}

/** Whether a statistic is none that people compare or whose peaks they seek: it follows from others, or says how sure those are. */
export function followsFromOthers(statistic: string): boolean {
  return /^(p|df|se|variance|residual_variance)([_.]|$)/.test(statistic);
}

export async function readMaps(artifact: Artifact): Promise<StoredMaps> {
  const { kind, statistics, df, n, untrained: _, ...more } = artifact.meta;
  const mask = await readMask(fileOf(artifact, 'mask.nii.gz'));
  return {
    kind: kind as MapsFacts['kind'],
    statistics: statistics as unknown as MapsFacts['statistics'],
    rows: await readKernels(fileOf(artifact, 'rows.tsv')),
    mask,
    voxels: mask.voxels.length,
    ...(typeof df === 'number' && { df }),
    ...(typeof n === 'number' && { n }),
    ...untrainedOf(artifact.meta),
    more,
    readRows: async (statistic, first, end) =>
      (await readNpyRows(fileOf(artifact, `${statistic}.npy`), first, end)).data as Float32Array | Float64Array,
    readColumns: async (statistic, first, end) =>
      (await readNpyColumns(fileOf(artifact, `${statistic}.npy`), first, end)).data as Float32Array | Float64Array,
  };
}

export interface MapsWriter {
  /** One array `[row, voxel]` per statistic, to be filled in any order (`writeAt`, `writeBlock`). */
  readonly arrays: Readonly<Record<string, NpyWriter>>;
  /** Closes the arrays and writes rows and mask; `changes` are facts known only now (the status of rows). */
  finish(changes?: Partial<Pick<MapsFacts, 'rows' | 'df' | 'n' | 'statistics' | 'more'>>): Promise<Produced>;
  /** Closes the arrays after an error. */
  abandon(): Promise<void>;
}

/** Creates maps that are written in blocks, so that rows x voxels never lies in memory. */
export async function createMaps(dir: string, facts: MapsFacts, dtype: '<f4' | '<f8'): Promise<MapsWriter> {
  const shape = [facts.rows.length, facts.mask.voxels.length];
  const arrays: Record<string, NpyWriter> = {};
  for (const statistic of Object.keys(facts.statistics)) {
    arrays[statistic] = await createNpy(path.join(dir, `${statistic}.npy`), shape, storedAs(statistic, dtype));
  }
  const abandon = async () => {
    for (const array of Object.values(arrays)) await array.close();
  };
  return {
    arrays,
    abandon,
    async finish(changes) {
      await abandon();
      const { kind, statistics, rows, mask, df, n, more, ...rest } = { ...facts, ...changes };
      await writeKernels(path.join(dir, 'rows.tsv'), rows);
      await writeMask(path.join(dir, 'mask.nii.gz'), mask);
      const roles = [...Object.keys(statistics).map((statistic) => `${statistic}.npy`), 'rows.tsv', 'mask.nii.gz'];
      return {
        files: filesAt(dir, roles),
        meta: metaOf({
          ...more,
          kind,
          statistics: statistics as unknown as JsonObject,
          df,
          n,
          ...untrainedOf(rest),
        }),
      };
    },
  };
}

/** p is kept in double precision: single precision ends at 1e-45, and far tails do not. */
function storedAs(statistic: string, dtype: '<f4' | '<f8'): NpyDtype {
  return statistic === 'p' ? '<f8' : dtype;
}

/** Writes maps that are in memory: one array `[row, voxel]` per statistic. */
export async function writeMaps(
  dir: string,
  facts: MapsFacts & { readonly maps: Readonly<Record<string, Float32Array | Float64Array>> },
): Promise<Produced> {
  const { maps, ...rest } = facts;
  const dtype = Object.values(maps).every((map) => map instanceof Float32Array) ? '<f4' : '<f8';
  const writer = await createMaps(dir, rest, dtype);
  for (const [statistic, array] of Object.entries(writer.arrays)) {
    const values = maps[statistic]!;
    const double = storedAs(statistic, dtype) === '<f8';
    await array.write(double && values instanceof Float32Array ? Float64Array.from(values) : values);
  }
  return writer.finish();
}

async function check(produced: Produced): Promise<void> {
  const rows = (await readKernels(fileOf(produced, 'rows.tsv'))).length;
  let voxels: number | null = null;
  for (const statistic of Object.keys(produced.meta?.statistics ?? {})) {
    const { shape } = await requireShape(produced, `${statistic}.npy`, [rows, voxels], ['<f4', '<f8']);
    voxels = shape[1]!;
  }
  if (voxels === null) throw new Error('maps without a statistic');
  await requireMaskOf(produced, voxels);
}

export const mapsType: ArtifactType = {
  name: 'maps',
  title: 'statistical maps, one row per kernel or layer',
  description: [
    '- `<statistic>.npy` for each statistic (`t`, `effect`, …): float32 or float64 `[row, voxel]`; voxels of the mask by increasing `x + nx*(y + ny*z)`',
    '- `rows.tsv`: name, layer, kernel, status of each row',
    '- `mask.nii.gz`',
    '- meta: `kind` (`group`, `subject`, `probability`), `statistics` (units and df of each), `df`, `n` (subjects); `differences` (pairs of layers whose row is named `first-second`)',
    '',
    'Published as one 4D NIfTI per statistic (the fourth axis are the rows; 0 outside the mask), or, for probabilities, as one 3D NIfTI per layer and difference of layers.',
  ].join('\n'),
  check,
  publish: async (artifact, target) => publishMaps(artifact, await readMaps(artifact), target),
};
