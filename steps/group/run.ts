import type { Produced } from '../../artifacts/artifact.js';
import { createMaps } from '../../artifacts/maps.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { many, type StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { GroupPayload } from '../../numerics/glm/group-task.js';
import type { StatisticMaps } from '../../numerics/glm/statistic-maps.js';
import { factsOf, writeMapsBlock } from '../contrast/maps-blocks.js';
import type { GroupParams } from './index.js';
import { type Member, readMembers } from './members.js';

export async function run(context: StepContext<GroupParams>): Promise<Record<string, Produced>> {
  const { params, workDir, pool, signal, progress, note } = context;
  const artifacts = many(context.inputs, 'fits');
  const { members, mask, kernels } = await readMembers(artifacts);
  const { statistics, dtype } = params;
  const n = members.length;
  const leftOut = kernels.filter(({ status }) => status !== 'fitted').length;
  if (leftOut > 0) note(`${leftOut} of ${kernels.length} kernels were not fitted in every subject; left out`);
  const fewest = Math.min(...members.map(({ fit }) => fit.voxels));
  if (mask.voxels.length < 0.5 * fewest) {
    note(`the masks of the ${n} subjects share ${mask.voxels.length} voxels; the smallest has ${fewest}`);
  }

  const writer = await createMaps(
    workDir,
    {
      kind: 'group',
      statistics: factsOf(statistics, { df: n - 1, df1: 1 }),
      rows: kernels,
      mask,
      df: n - 1,
      n,
      more: { noise: members[0]!.fit.noise },
      ...untrainedOf(...artifacts.map(({ meta }) => meta)),
    },
    dtype === 'float32' ? '<f4' : '<f8',
  );
  const total = mask.voxels.length;
  try {
    await inBlocks(
      { total, size: blockSize(members), ahead: pool.threads + 1 },
      async (first, end) => {
        signal.throwIfAborted();
        const subjects: GroupPayload['subjects'][number][] = [];
        for (const member of members) {
          subjects.push({ model: member.model, bold: await readRows(member, first, end) });
        }
        const payload: GroupPayload = { subjects, voxels: end - first, statistics, dtype };
        const transfer = subjects.map(({ bold }) => bold.buffer as ArrayBuffer);
        return pool.run<StatisticMaps>('group.maps', payload, { transfer, signal });
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

/**
 * Voxels per task: the series of all subjects in about 48 MB, at most 1024. Depends on the data only, because where
 * blocks begin is part of the result's bits.
 */
function blockSize(members: readonly Member[]): number {
  const bytesPerVoxel = members.reduce((sum, { fit }) => sum + fit.volumes * 8, 0);
  return Math.max(64, Math.min(1024, Math.floor((48 << 20) / bytesPerVoxel)));
}

/** Series of the group's voxels `first` to `end` in one subject, which may have voxels between them that others lack. */
async function readRows({ fit, rows }: Member, first: number, end: number): Promise<Float64Array> {
  const from = rows[first]!;
  const to = rows[end - 1]! + 1;
  const series = await fit.readBold(from, to);
  const time = fit.volumes;
  if (to - from === end - first) return series;
  const out = new Float64Array((end - first) * time);
  for (let v = first; v < end; v++) {
    const row = rows[v]! - from;
    out.set(series.subarray(row * time, (row + 1) * time), (v - first) * time);
  }
  return out;
}

/** Rows of kernels that some subject lacks hold nothing: in the others they would be a group of fewer. */
function blank(maps: StatisticMaps, kernels: readonly { status?: string }[], voxels: number): StatisticMaps {
  for (const values of Object.values(maps)) {
    kernels.forEach(({ status }, k) => {
      if (status !== 'fitted') values.fill(Number.NaN, k * voxels, (k + 1) * voxels);
    });
  }
  return maps;
}
