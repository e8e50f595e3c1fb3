import type { Mask } from '../../artifacts/mask.js';
import { readNpyHeader, readNpyRows } from '../../artifacts/npy.js';
import type { StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { CandidatesPayload } from '../../numerics/candidates-task.js';
import type { Connectivity } from '../../numerics/clusters.js';
import type { BlockRule, ClusterBlock, ClusteredBlock } from '../../numerics/clusters-block.js';
import type { Candidates, CountedCorrection } from '../../numerics/height.js';
import type { PeakRule } from '../../numerics/local-peaks.js';
import type { ThresholdRule } from './rule.js';

/** Bytes of maps that one worker gets at a time: a few maps of a whole brain, so that memory stays small. */
const blockBytes = 16 << 20;

export interface MapsToLabel {
  /** `[row, voxel]` float32 or float64, by statistic. */
  readonly fileOf: (statistic: string) => string;
  readonly statistic: string;
  readonly mask: Mask;
  /** `[row]` maps that get no clusters. */
  readonly leftOut: readonly boolean[];
}

type Threads = Pick<StepContext, 'pool' | 'signal'>;

/** Labels the maps of a file in blocks of rows on the pool, and hands the blocks on in order. */
export async function labelBlocks(
  maps: MapsToLabel,
  rule: ThresholdRule,
  how: { readonly sides: 'one' | 'two'; readonly connectivity: Connectivity; readonly peaks: PeakRule },
  threads: Threads,
  use: (labelled: ClusteredBlock, first: number) => Promise<void>,
): Promise<void> {
  const { fileOf, statistic, mask, leftOut } = maps;
  await inBlocks(
    { total: leftOut.length, size: await rowsPerBlock(maps), ahead: threads.pool.threads + 1 },
    async (first, end) => {
      threads.signal.throwIfAborted();
      const values = await rowsOf(fileOf(statistic), first, end);
      const { heights, minExtents, minMasses, second } = rule;
      const blockRule: BlockRule = {
        sides: how.sides,
        heights: heights instanceof Float64Array ? heights.slice(first, end) : heights,
        minExtents: minExtents.slice(first, end),
        ...(minMasses && { minMasses: minMasses.slice(first, end) }),
        ...(second && {
          second: {
            values: await rowsOf(fileOf(second.statistic), first, end),
            heights: second.heights.slice(first, end),
          },
        }),
        peaks: how.peaks,
      };
      const block: ClusterBlock = {
        values,
        skip: Uint8Array.from(leftOut.slice(first, end), Number),
        dim: mask.grid.dim,
        affine: mask.grid.affine,
        voxels: mask.voxels,
        connectivity: how.connectivity,
        rule: blockRule,
      };
      const transfer = [values.buffer as ArrayBuffer];
      if (blockRule.second) transfer.push(blockRule.second.values.buffer as ArrayBuffer);
      return threads.pool.run<ClusteredBlock>('clusters.block', block, { transfer, signal: threads.signal });
    },
    use,
  );
}

/** What could pass in all maps together. */
export async function candidatesOfAll(
  maps: MapsToLabel,
  correction: CountedCorrection,
  { pool, signal }: Threads,
): Promise<Candidates> {
  const { fileOf, statistic, leftOut } = maps;
  const found: Float64Array[] = [];
  let tests = 0;
  await inBlocks(
    { total: leftOut.length, size: await rowsPerBlock(maps), ahead: pool.threads + 1 },
    async (first, end) => {
      signal.throwIfAborted();
      const values = await rowsOf(fileOf(statistic), first, end);
      const skip = Uint8Array.from(leftOut.slice(first, end), Number);
      const payload: CandidatesPayload = { values, skip, correction };
      return pool.run<Candidates>('candidates.block', payload, { transfer: [values.buffer as ArrayBuffer], signal });
    },
    (block) => {
      found.push(block.values);
      tests += block.tests;
    },
  );
  const values = new Float64Array(found.reduce((sum, { length }) => sum + length, 0));
  let next = 0;
  for (const block of found) {
    values.set(block, next);
    next += block.length;
  }
  return { values: values.sort().reverse(), tests };
}

async function rowsPerBlock({ fileOf, statistic, mask }: MapsToLabel): Promise<number> {
  const { dtype } = await readNpyHeader(fileOf(statistic));
  return Math.max(1, Math.floor(blockBytes / (mask.voxels.length * (dtype === '<f8' ? 8 : 4))));
}

async function rowsOf(file: string, first: number, end: number): Promise<Float32Array | Float64Array> {
  return (await readNpyRows(file, first, end)).data as Float32Array | Float64Array;
}
