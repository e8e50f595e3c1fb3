import path from 'node:path';
import type { Artifact, JsonObject, Produced } from '../../artifacts/artifact.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { createMaps, type MapsFacts } from '../../artifacts/maps.js';
import { metaOf, untrainedOf } from '../../artifacts/meta.js';
import { createNpy } from '../../artifacts/npy.js';
import { writeTable } from '../../artifacts/table.js';
import { many, type StepContext } from '../../engine/step-type.js';
import { tQuantile } from '../../numerics/distributions.js';
import type { PermutationRule } from '../../numerics/permutation.js';
import { designOf } from '../group/design.js';
import { readParticipants } from '../group/participants.js';
import { readSubjects } from '../group/subjects.js';
import { chosenKernels } from './chosen-kernels.js';
import { criticalColumns, criticalRows, type NullName, nullNames } from './critical-table.js';
import { mostUnnamed, type PermuteParams } from './index.js';
import { type PermutationTest, permutationTest } from './permutation-test.js';
import { permuteMap, statisticsOf } from './permute-map.js';
import { eachKernel } from './subject-effects.js';

export async function run(context: StepContext<PermuteParams>): Promise<Record<string, Produced>> {
  const { params, workDir, progress, note } = context;
  const against = context.inputs.against as readonly Artifact[] | undefined;
  const subjects = await readSubjects(many(context.inputs, 'fits'), against, params);
  const names = subjects.members.map(({ name }) => name);
  const table = context.inputs.participants as Artifact | undefined;
  const design = designOf({ ...params, dtype: 'float64' }, names, table && (await readParticipants(table, names)));
  const selection = context.inputs.selection as Artifact | undefined;
  const chosen = await chosenKernels(subjects.kernels, params.kernels, selection, mostUnnamed);
  const rows = [...chosen].map((place) => subjects.kernels[place]!);
  const test = permutationTest(design, names.length, params);
  for (const text of [...subjects.notes, ...design.notes]) note(text);
  sayWhatIsOdd(test, rows, note);

  const { df } = test.model;
  const height = tQuantile(params.sides === 'two' ? params.cluster_p / 2 : params.cluster_p, df);
  const clusters = params.inference.includes('extent') || params.inference.includes('mass');
  const rule: PermutationRule = {
    sides: params.sides,
    df,
    ...(clusters && { clusterHeight: height }),
    ...(params.inference.includes('tfce') && {
      tfce: { extentPower: params.extent_power, heightPower: params.height_power },
    }),
  };
  const statistics = statisticsOf(params.inference);
  const facts: MapsFacts = {
    kind: 'group',
    statistics: Object.fromEntries(statistics.map((name) => [name, { units: '1', ...(name === 't' && { df }) }])),
    rows,
    mask: subjects.mask,
    df,
    n: names.length,
    more: metaOf({
      noise: subjects.runs[0]!.noise,
      design: params.design,
      tests: design.tests,
      subjects: names,
      permutation: permutationFacts(params, test, clusters ? height : null),
    }),
    ...untrainedOf(...subjects.runs),
  };
  const writer = await createMaps(workDir, facts, '<f8');
  const kept = nullNames(params.inference);
  const nullFile = (name: NullName) => path.join(workDir, `null_${name}.npy`);
  const nulls = await Promise.all(kept.map((name) => createNpy(nullFile(name), [rows.length, test.count], '<f8')));
  const critical: (string | number | null)[][] = [];
  try {
    for await (const { row, effects } of eachKernel(subjects, chosen, params.runs, context)) {
      const made = row * test.count;
      const permuted = await permuteMap(effects, test, rule, subjects.mask, params, context, (count) =>
        progress(made + count, rows.length * test.count, 'permutations'),
      );
      for (const [name, array] of Object.entries(writer.arrays)) await array.writeAt(row, permuted.maps[name]!);
      for (const [at, name] of kept.entries()) await nulls[at]!.writeAt(row, permuted.nulls[name]);
      critical.push(...criticalRows(rows[row]!, permuted.nulls, kept, test));
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    await Promise.all(nulls.map((array) => array.close()));
  }
  const maps = await writer.finish();
  const files = { ...maps.files, ...Object.fromEntries(kept.map((name) => [`null_${name}.npy`, nullFile(name)])) };
  const criticalFile = path.join(workDir, 'critical.tsv');
  await writeTable(criticalFile, criticalColumns, critical);
  return { maps: { ...maps, files }, critical: { files: { 'table.tsv': criticalFile } } };
}

function permutationFacts(params: PermuteParams, { rearranged, count, exact }: PermutationTest, height: number | null) {
  const facts: JsonObject = {
    rearranged: rearranged.kind === 'signs' ? 'signs' : 'subjects',
    count,
    exact,
    seed: exact ? null : params.seed,
    sides: params.sides,
    connectivity: params.connectivity,
    clusterP: height === null ? null : params.cluster_p,
    clusterHeight: height,
    tfce: params.inference.includes('tfce') ? { extent: params.extent_power, height: params.height_power } : null,
  };
  return facts;
}

function sayWhatIsOdd({ count, exact }: PermutationTest, rows: readonly Kernel[], note: (text: string) => void): void {
  const leftOut = rows.filter(({ status }) => status !== 'fitted').length;
  if (leftOut > 0) note(`${leftOut} of ${rows.length} kernels were not fitted in every subject; left out`);
  if (exact) {
    const few = count < 20 ? ': no p can be 0.05 or less' : '';
    note(`all ${count} different rearrangements of the subjects were made, so p is exact${few}`);
  }
}
