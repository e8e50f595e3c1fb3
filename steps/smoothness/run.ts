import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { writeTable } from '../../artifacts/table.js';
import { many, type StepContext } from '../../engine/step-type.js';
import { toNullResiduals } from '../../numerics/permutation-model.js';
import type { MapSmoothness, SmoothnessPayload } from '../../numerics/smoothness-task.js';
import { designOf } from '../group/design.js';
import { readParticipants } from '../group/participants.js';
import { readSubjects } from '../group/subjects.js';
import { chosenKernels } from '../permute/chosen-kernels.js';
import { subjectTest } from '../permute/permutation-test.js';
import { bySubjectOfVoxel, eachKernel } from '../permute/subject-effects.js';
import type { SmoothnessParams } from './index.js';

const axes = ['x', 'y', 'z'];

/** Columns of the table; `threshold` reads it. */
const columns = [
  'name',
  'layer',
  'kernel',
  ...axes.map((axis) => `fwhm_${axis}`),
  ...axes.map((axis) => `fwhm_${axis}_mm`),
  ...[0, 1, 2, 3].map((dimension) => `resels_${dimension}`),
  'voxels',
  'df',
];

export async function run(context: StepContext<SmoothnessParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal, progress, note } = context;
  const against = context.inputs.against as readonly Artifact[] | undefined;
  const subjects = await readSubjects(many(context.inputs, 'fits'), against, params);
  const names = subjects.members.map(({ name }) => name);
  const participants = context.inputs.participants as Artifact | undefined;
  const design = designOf(
    { ...params, dtype: 'float64' },
    names,
    participants && (await readParticipants(participants, names)),
  );
  for (const text of [...subjects.notes, ...design.notes]) note(text);
  const selection = context.inputs.selection as Artifact | undefined;
  const chosen = await chosenKernels(subjects.kernels, params.kernels, selection, subjects.kernels.length);
  const { model, tOf } = subjectTest(design, names.length);
  // Of the whole design: effect and nuisance are both taken out.
  const whole = { ...model, nuisance: Float64Array.of(...model.effect, ...model.nuisance) };
  const { mask } = subjects;

  const rows: Promise<(string | number | null)[]>[] = [];
  for await (const { row, effects } of eachKernel(subjects, chosen, params.runs, context)) {
    signal.throwIfAborted();
    const { name, layer, kernel, status } = subjects.kernels[chosen[row]!]!;
    const t = tOf(effects);
    const residuals = toNullResiduals(bySubjectOfVoxel(effects, names.length, mask.voxels.length), whole, t);
    const payload: SmoothnessPayload = { residuals, images: names.length, dim: mask.grid.dim, voxels: mask.voxels };
    const transfer = [residuals.buffer as ArrayBuffer];
    const result = pool.run<MapSmoothness>('smoothness.map', payload, { transfer, signal });
    rows.push(
      result.then(({ fwhm, resels, voxels }) => {
        progress(row + 1, chosen.length, 'kernels');
        const fitted = status === 'fitted';
        const mm = fwhm.map((width, axis) => (mask.grid.dim[axis]! > 1 ? width * mask.grid.voxelSize[axis]! : null));
        const facts = [...fwhm, ...mm, ...resels, voxels, model.df];
        return [name, layer, kernel, ...(fitted ? facts : facts.map(() => null))];
      }),
    );
    // Awaited below; a failure must not count as unhandled until then.
    rows.at(-1)!.catch(() => {});
    // A few at a time, so that the residuals of all kernels are not in memory.
    if (rows.length > pool.threads) await rows[rows.length - 1 - pool.threads];
  }
  const table = path.join(workDir, 'smoothness.tsv');
  const made = await Promise.all(rows);
  const unknown = made.filter((cells) => Number.isNaN(cells[3])).length;
  if (unknown > 0)
    note(`${unknown} of ${made.length} kernels have no voxel whose neighbours are all in the mask: no smoothness`);
  await writeTable(table, columns, made);
  return { table: { files: { 'table.tsv': table } } };
}
