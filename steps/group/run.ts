import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { createMaps } from '../../artifacts/maps.js';
import { metaOf, untrainedOf } from '../../artifacts/meta.js';
import { many, type StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { GroupPayload, GroupTest, RunPayload, SubjectPayload } from '../../numerics/glm/group-task.js';
import type { StatisticMaps } from '../../numerics/glm/statistic-maps.js';
import { factsOf, writeMapsBlock } from '../contrast/maps-blocks.js';
import { rowsOf } from '../glm/fit-model.js';
import { type Design, designOf } from './design.js';
import type { GroupParams } from './index.js';
import type { MemberRun } from './members.js';
import { readParticipants } from './participants.js';
import { readSubjects, type Subjects } from './subjects.js';

export async function run(context: StepContext<GroupParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal, progress, note } = context;
  const fits = many(context.inputs, 'fits');
  const against = context.inputs.against as readonly Artifact[] | undefined;
  const subjects = await readSubjects(fits, against, params, { rows: (fit) => rowsOf(fit, params.basis) });
  const { members, mask, kernels } = subjects;
  const names = members.map(({ name }) => name);
  const table = context.inputs.participants as Artifact | undefined;
  const design = designOf(params, names, table && (await readParticipants(table, names)));
  sayWhatIsOdd(subjects, design, note);

  const { dtype } = params;
  const statistics = params.statistics ?? (design.type === 'F' ? ['F'] : ['effect', 't']);
  const writer = await createMaps(
    workDir,
    {
      kind: 'group',
      statistics: factsOf(statistics, {
        ...(design.df !== undefined && { df: design.df }),
        df1: design.df1,
        noise: subjects.runs[0]!.noise,
      }),
      rows: kernels,
      mask,
      ...(design.df !== undefined && { df: design.df }),
      n: members.length,
      more: factsOfDesign(subjects, design, params),
      ...untrainedOf(...subjects.runs),
    },
    dtype === 'float32' ? '<f4' : '<f8',
  );
  const total = mask.voxels.length;
  try {
    await inBlocks(
      { total, size: blockSize(subjects, design.test), ahead: pool.threads + 1 },
      async (first, end) => {
        signal.throwIfAborted();
        const payload: GroupPayload = {
          subjects: await readBlock(subjects, params.runs === 'precision', first, end),
          test: design.test,
          weighting: params.runs,
          kernels: kernels.length,
          voxels: end - first,
          ...{ statistics, dtype },
        };
        return pool.run<StatisticMaps>('group.maps', payload, { transfer: buffersOf(payload.subjects), signal });
      },
      async (maps, first, end) => {
        await writeMapsBlock(writer, blank(maps, kernels, end - first), first, end - first);
        progress(end, total, 'voxels');
      },
    );
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return { maps: await writer.finish() };
}

function sayWhatIsOdd(
  { members, runs, mask, kernels, notes }: Subjects,
  design: Design,
  note: (text: string) => void,
): void {
  for (const text of [...notes, ...design.notes]) note(text);
  const leftOut = kernels.filter(({ status }) => status !== 'fitted').length;
  if (leftOut > 0) note(`${leftOut} of ${kernels.length} kernels were not fitted in every subject; left out`);
  const fewest = Math.min(...runs.map((run) => run.mask.voxels.length));
  if (mask.voxels.length < 0.5 * fewest) {
    note(`the masks of the ${members.length} subjects share ${mask.voxels.length} voxels; the smallest has ${fewest}`);
  }
}

function factsOfDesign({ members, runs }: Subjects, design: Design, params: GroupParams) {
  return metaOf({
    noise: runs[0]!.noise,
    design: params.design,
    tests: design.tests,
    groups: design.groups,
    covariates: params.covariates,
    centre: params.covariates && params.centre,
    members: members.map(({ name }) => name),
    runs: runs.length > members.length && params.design !== 'paired' ? params.runs : undefined,
  });
}

/**
 * Voxels per task: the series of all subjects in about 48 MB, at most 1024, fewer for more than 2,048 kernels, so that
 * memory does not grow with them, and fewer where the test keeps more sums of every effect. Depends on the data and the parameters only, because where blocks begin is part of the result's bits.
 */
function blockSize({ runs, members, kernels }: Subjects, test: GroupTest): number {
  const bytesPerVoxel = runs.reduce((sum, run) => sum + run.bytesPerVoxel, 0);
  const kept = test.kind === 'linear' ? test.design.rank + 2 : test.kind === 'welch' ? 4 : 2;
  const combining = members.some((member) => member.against || member.runs.length > 1) ? 4 : 0;
  const most = Math.floor((Math.min(1024, (1 << 21) / kernels.length) * 2) / (kept + combining));
  return Math.max(64, Math.min(most, Math.floor((48 << 20) / bytesPerVoxel)));
}

async function readBlock(
  { members }: Subjects,
  weighted: boolean,
  first: number,
  end: number,
): Promise<SubjectPayload[]> {
  const read = async (runs: readonly MemberRun[]) => {
    const out: RunPayload[] = [];
    for (const { run, rows } of runs) out.push(await run.read(rows.subarray(first, end), weighted && runs.length > 1));
    return out;
  };
  const blocks: SubjectPayload[] = [];
  for (const { runs, against } of members) {
    blocks.push({ runs: await read(runs), ...(against && { against: await read(against) }) });
  }
  return blocks;
}

/** The arrays that are sent for one task, to be moved instead of copied. */
export function buffersOf(subjects: readonly SubjectPayload[]): ArrayBuffer[] {
  return subjects
    .flatMap(({ runs, against }) => [...runs, ...(against ?? [])])
    .flatMap((run) => ('bold' in run ? [run.bold] : run.se ? [run.effect, run.se] : [run.effect]))
    .map(({ buffer }) => buffer as ArrayBuffer);
}

/** Rows of kernels that some subject lacks hold nothing: in the others they would be a group of fewer. */
export function blank(maps: StatisticMaps, kernels: readonly { status?: string }[], voxels: number): StatisticMaps {
  for (const values of Object.values(maps)) {
    kernels.forEach(({ status }, k) => {
      if (status !== 'fitted') values.fill(Number.NaN, k * voxels, (k + 1) * voxels);
    });
  }
  return maps;
}
