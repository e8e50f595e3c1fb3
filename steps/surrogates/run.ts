import path from 'node:path';
import type { Artifact, JsonObject, Produced } from '../../artifacts/artifact.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { createMaps } from '../../artifacts/maps.js';
import { metaOf, untrainedOf } from '../../artifacts/meta.js';
import { createNpy } from '../../artifacts/npy.js';
import { readRegressors } from '../../artifacts/regressors.js';
import { writeTable } from '../../artifacts/table.js';
import { many, one, type StepContext } from '../../engine/step-type.js';
import { maxStatisticP, sortedNull } from '../../numerics/max-statistic.js';
import { circularShifts, phaseSurrogates, type Surrogates } from '../../numerics/surrogates.js';
import { type Design, designOf } from '../group/design.js';
import { readParticipants } from '../group/participants.js';
import { readSubjects } from '../group/subjects.js';
import { chosenKernels } from '../permute/chosen-kernels.js';
import { criticalColumns, criticalRows } from '../permute/critical-table.js';
import { mostUnnamed } from '../permute/index.js';
import type { SurrogatesParams } from './index.js';
import { volumesOfAll } from './surrogate-models.js';
import { testSurrogates } from './test-surrogates.js';

export async function run(context: StepContext<SurrogatesParams>): Promise<Record<string, Produced>> {
  const { params, workDir, note } = context;
  const subjects = await readSubjects(many(context.inputs, 'fits'), undefined, params, { fewest: 1 });
  const source = one(context.inputs, 'regressors');
  const regressors = await readRegressors(source);
  const volumes = volumesOfAll(subjects.runs, regressors, source.origin);
  const names = subjects.members.map(({ name }) => name);
  const design = await designOfAll(context, names, subjects.runs);
  const selection = context.inputs.selection as Artifact | undefined;
  const chosen = await chosenKernels(subjects.kernels, params.kernels, selection, mostUnnamed);
  const rows = [...chosen].map((place) => subjects.kernels[place]!);
  const make = params.method === 'phases' ? phaseSurrogates : circularShifts;
  const surrogates = make(volumes, params.surrogates, params.seed);
  for (const text of [...subjects.notes, ...design.notes]) note(text);
  sayWhatIsOdd(surrogates, rows, note);

  const { df } = design;
  const writer = await createMaps(
    workDir,
    {
      kind: names.length > 1 ? 'group' : 'subject',
      statistics: {
        t: { units: '1', ...(df !== undefined && { df }) },
        p_uncorrected: { units: '1' },
        p_fwe: { units: '1' },
      },
      rows,
      mask: subjects.mask,
      ...(df !== undefined && { df }),
      n: names.length,
      more: metaOf({
        noise: subjects.runs[0]!.noise,
        design: params.design,
        tests: design.tests,
        subjects: names,
        permutation: permutationFacts(params, surrogates),
      }),
      ...untrainedOf(...subjects.runs, source.meta),
    },
    '<f8',
  );
  const nullFile = path.join(workDir, 'null_t.npy');
  const nulls = await createNpy(nullFile, [rows.length, surrogates.count], '<f8');
  const critical: (string | number | null)[][] = [];
  const blank = (values: Float64Array, { status }: Kernel) => (status === 'fitted' ? values : values.fill(Number.NaN));
  const wired = { values: regressors, origin: source.origin, volumes };
  try {
    for await (const found of testSurrogates(subjects, wired, chosen, surrogates, design, context)) {
      const kernel = rows[found.row]!;
      const t = blank(found.t, kernel);
      const maxima = blank(found.maxima, kernel);
      const sorted = sortedNull(maxima);
      const ofSize = (value: number) => maxStatisticP(sorted, params.sides === 'two' ? Math.abs(value) : value);
      const share = (value: number, v: number) =>
        Number.isFinite(value) ? found.counts[v]! / surrogates.count : Number.NaN;
      await writer.arrays.t!.writeAt(found.row, t);
      await writer.arrays.p_uncorrected!.writeAt(found.row, t.map(share));
      await writer.arrays.p_fwe!.writeAt(found.row, t.map(ofSize));
      await nulls.writeAt(found.row, maxima);
      critical.push(...criticalRows(kernel, { t: maxima }, ['t'], surrogates));
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    await nulls.close();
  }
  const maps = await writer.finish();
  const criticalFile = path.join(workDir, 'critical.tsv');
  await writeTable(criticalFile, criticalColumns, critical);
  return {
    maps: { ...maps, files: { ...maps.files, 'null_t.npy': nullFile } },
    critical: { files: { 'table.tsv': criticalFile } },
  };
}

/** The test over subjects; of one subject that of its own models. */
async function designOfAll(
  { params, inputs }: StepContext<SurrogatesParams>,
  names: readonly string[],
  runs: readonly { readonly df: number | undefined }[],
): Promise<Design> {
  const table = inputs.participants as Artifact | undefined;
  if (names.length > 1 || params.design !== 'one-sample' || params.covariates !== undefined) {
    return designOf({ ...params, dtype: 'float64' }, names, table && (await readParticipants(table, names)));
  }
  return {
    test: { kind: 'one-sample' },
    df: runs.reduce((sum, { df }) => sum + (df ?? 0), 0),
    df1: 1,
    type: 't',
    tests: names[0]!,
    notes: [`one subject (${names[0]}): t is that of its own models`],
  };
}

/** As the step `permute` says it: \`threshold\` reads it. */
function permutationFacts({ method, seed, sides }: SurrogatesParams, { count, exact }: Surrogates): JsonObject {
  return {
    rearranged: method,
    count,
    exact,
    seed: exact ? null : seed,
    sides,
    connectivity: null,
    clusterP: null,
    clusterHeight: null,
    tfce: null,
  };
}

function sayWhatIsOdd({ count, exact }: Surrogates, rows: readonly Kernel[], note: (text: string) => void): void {
  const leftOut = rows.filter(({ status }) => status !== 'fitted').length;
  if (leftOut > 0) note(`${leftOut} of ${rows.length} kernels were not fitted in every subject; left out`);
  if (exact) note(`all ${count} shifts were made; no p is below 1 / ${count}`);
}
