import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { noLabel, readRegions } from '../../artifacts/atlas.js';
import { describeGrid, type Grid, requireSameGrid, sameGrid, voxelCount, voxelToVoxel } from '../../artifacts/grid.js';
import {
  createImage,
  type ImageHeader,
  readImageHeader,
  visitImage,
  type WrittenDatatype,
} from '../../artifacts/image.js';
import { linkOrCopy } from '../../artifacts/link.js';
import { fileOf, niftiFile, niftiRole } from '../../artifacts/meta.js';
import { descrip } from '../../artifacts/published.js';
import { UserError } from '../../artifacts/user-error.js';
import { many, one, type StepContext } from '../../engine/step-type.js';
import { inOrder } from '../../numerics/in-order.js';
import { resampleVolume } from '../../numerics/resample.js';
import type { ResampledKind, ResampleParams } from './index.js';

type Context = StepContext<ResampleParams>;

export async function run(context: Context): Promise<Record<string, Produced>> {
  const { inputs, params, workDir, note } = context;
  const source = one(inputs, 'image');
  const stem = stemOf(params.kind);
  const file = niftiFile(source, stem);
  const header = await readImageHeader(file);
  const grid = await commonGrid(many(inputs, 'reference'));
  const labels = params.kind === 'atlas' ? fileOf(source, 'labels.tsv') : null;
  if (sameGrid(header.grid, grid)) {
    note('the image is on the grid of the reference already; passed on unchanged');
    return { resampled: await asFiles(workDir, { [niftiRole(stem, file)]: file }, labels, source) };
  }
  requireOverlap(header.grid, grid, source.origin, context);
  // Series are not compressed: float32 hardly shrinks.
  const role = params.kind === 'bold' ? 'image.nii' : `${stem}.nii.gz`;
  const target = path.join(workDir, role);
  const seen = await resample(file, header, target, grid, context);
  if (params.kind === 'mask' && !seen.after.has(1)) {
    throw new UserError({
      message: `no voxel of the mask ${source.origin} is left on the grid ${describeGrid(grid)}`,
      expected: 'a mask with a voxel centre of that grid inside',
      hint: 'A small mask on a coarse grid may lie between the voxel centres.',
    });
  }
  if (labels) await noteLostRegions(labels, seen, note);
  return { resampled: await asFiles(workDir, { [role]: target }, labels, source) };
}

function stemOf(kind: string): 'mask' | 'atlas' | 'image' {
  return kind === 'mask' || kind === 'atlas' ? kind : 'image';
}

/** Files below the work folder, which are linked there unless they were made there. */
async function asFiles(
  workDir: string,
  files: Readonly<Record<string, string>>,
  labels: string | null,
  { meta }: Artifact,
): Promise<Produced> {
  const out: Record<string, string> = {};
  for (const [role, file] of Object.entries({ ...files, ...(labels && { 'labels.tsv': labels }) })) {
    out[role] = path.join(workDir, role);
    if (file !== out[role]) await linkOrCopy(file, out[role]);
  }
  return { files: out, meta };
}

async function commonGrid(references: readonly Artifact[]): Promise<Grid> {
  const grids = await Promise.all(
    references.map(async (artifact) => (await readImageHeader(niftiFile(artifact, stemOf(artifact.type)))).grid),
  );
  const [first, ...others] = grids;
  if (!first) throw new UserError({ message: 'no reference image', expected: 'at least one' });
  others.forEach((grid, n) => {
    requireSameGrid(
      { grid, name: `the reference ${references[n + 1]!.origin}` },
      { grid: first, name: references[0]!.origin },
      'Resample for each of them: "foreach", with the image of the item as reference.',
    );
  });
  return first;
}

/** Says how much of the reference the image covers, and where the headers speak of different spaces. */
function requireOverlap(source: Grid, grid: Grid, origin: string, { note }: Context): void {
  const covered = resampleVolume({
    data: new Float64Array(voxelCount(source)).fill(1),
    dim: source.dim,
    target: grid.dim,
    toSource: voxelToVoxel(grid, source),
    interpolation: 'nearest',
  }).reduce((sum, value) => sum + value, 0);
  if (covered === 0) {
    throw new UserError({
      message: `${origin} and the reference do not overlap: ${describeGrid(source)}`,
      expected: `an image over ${describeGrid(grid)}`,
      hint: 'Check that both are in the same space.',
    });
  }
  const outside = voxelCount(grid) - covered;
  if (outside > 0) note(`${outside} of ${voxelCount(grid)} voxels of the reference lie outside the image; they are 0`);
  const spaces = [source, grid].map(({ spaceCode }) => standardSpaces[spaceCode]);
  if (spaces[0] && spaces[1] && spaces[0] !== spaces[1]) {
    note(
      `the header of the image says ${spaces[0]} space, that of the reference ${spaces[1]}: their mm are not the same`,
    );
  }
}

const standardSpaces: Readonly<Record<number, string>> = { 3: 'Talairach', 4: 'MNI 152' };

/** The values that masks and atlases have before and after. */
interface Seen {
  readonly before: ReadonlySet<number>;
  readonly after: ReadonlySet<number>;
}

async function resample(
  file: string,
  header: ImageHeader,
  target: string,
  grid: Grid,
  { params, pool, signal, progress }: Context,
): Promise<Seen> {
  const { kind } = params;
  const discrete = kind === 'mask' || kind === 'atlas';
  const interpolation = params.interpolation ?? (discrete ? 'nearest' : 'linear');
  const toSource = voxelToVoxel(grid, header.grid);
  const image = await createImage(target, {
    grid,
    volumes: header.volumes,
    datatype: datatypeOf(kind, header),
    ...(kind === 'bold' && { tr: header.tr }),
    ...(kind === 'mask' && { calMax: 1 }),
    ...(kind === 'atlas' && { intent: { code: 'label' as const } }),
    description: descrip(`${kind} resampled (${interpolation})`),
  });
  const seen = { before: new Set<number>(), after: new Set<number>() };
  let written = 0;
  const results = inOrder<{ values: Float64Array }>(pool.threads + 1, async ({ values }) => {
    if (kind === 'mask') for (let i = 0; i < values.length; i++) values[i] = values[i]! >= 0.5 ? 1 : 0;
    if (discrete) for (const value of values) seen.after.add(value);
    await image.write(values);
    progress(++written, header.volumes, 'volumes');
  });
  try {
    await visitImage(
      file,
      async (data) => {
        if (kind === 'mask') for (let i = 0; i < data.length; i++) data[i] = data[i] && !Number.isNaN(data[i]) ? 1 : 0;
        if (discrete) for (const value of data) seen.before.add(value);
        if (kind === 'atlas') requireLabels(seen.before, file);
        const payload = { data, dim: header.grid.dim, target: grid.dim, toSource, interpolation };
        const transfer = [data.buffer as ArrayBuffer];
        await results.add(pool.run('resample.volume', payload, { transfer, signal }));
      },
      signal,
    );
    await results.end();
  } catch (error) {
    await image.abandon();
    throw error;
  }
  await image.close();
  return seen;
}

function requireLabels(values: ReadonlySet<number>, file: string): void {
  const odd = [...values].find((value) => !Number.isInteger(value));
  if (odd !== undefined) throw noLabel(odd, file);
}

function datatypeOf(kind: ResampledKind, { datatype, slope, intercept }: ImageHeader): WrittenDatatype {
  if (kind === 'mask') return 'uint8';
  if (kind === 'atlas') return 'int32';
  const single = datatype === 'float32' || /^u?int(8|16)$/.test(datatype);
  return kind === 'bold' || (single && slope === 1 && intercept === 0) ? 'float32' : 'float64';
}

async function noteLostRegions(labels: string, { before, after }: Seen, note: Context['note']): Promise<void> {
  const regions = await readRegions(labels);
  const lost = regions.filter(({ index }) => before.has(index) && !after.has(index)).map(({ name }) => name);
  if (lost.length === 0) return;
  const shown = lost.slice(0, 20).join(', ') + (lost.length > 20 ? ', …' : '');
  note(`${lost.length} of ${regions.length} regions have no voxel on the new grid: ${shown}`);
}
