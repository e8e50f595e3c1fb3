import type { Mask } from '../../artifacts/mask.js';
import { readNpyHeader, readNpyRows } from '../../artifacts/npy.js';
import type { StepContext } from '../../engine/step-type.js';
import type { ClusterRule, Connectivity } from '../../numerics/clusters.js';
import type { ClusterBlock, ClusteredBlock } from '../../numerics/clusters-block.js';

/** Bytes of maps that one worker gets at a time: a few maps of a whole brain, so that memory stays small. */
const blockBytes = 16 << 20;

interface MapsToLabel {
  /** `[row, voxel]` float32 or float64. */
  readonly file: string;
  readonly mask: Mask;
  /** `[row]` maps that get no clusters. */
  readonly leftOut: readonly boolean[];
  readonly connectivity: Connectivity;
  readonly rule: ClusterRule;
}

/**
 * Labels the maps of a file in blocks of rows on the pool and yields the blocks in order. One block more than there
 * are threads is in memory, so that the next is read while all are busy.
 */
export async function* labelBlocks(
  maps: MapsToLabel,
  { pool, signal }: Pick<StepContext, 'pool' | 'signal'>,
): AsyncGenerator<{ first: number; labelled: ClusteredBlock }> {
  const { file, mask, leftOut, connectivity, rule } = maps;
  const { dtype } = await readNpyHeader(file);
  const rowBytes = mask.voxels.length * (dtype === '<f8' ? 8 : 4);
  const rows = Math.max(1, Math.floor(blockBytes / rowBytes));
  const running: { first: number; result: Promise<ClusteredBlock> }[] = [];
  for (let first = 0; first < leftOut.length; first += rows) {
    signal.throwIfAborted();
    const end = Math.min(leftOut.length, first + rows);
    const values = (await readNpyRows(file, first, end)).data as Float32Array | Float64Array;
    const block: ClusterBlock = {
      values,
      skip: Uint8Array.from(leftOut.slice(first, end), Number),
      dim: mask.grid.dim,
      voxels: mask.voxels,
      connectivity,
      rule,
    };
    const transfer = [values.buffer as ArrayBuffer];
    const result = pool.run<ClusteredBlock>('clusters.block', block, { transfer, signal });
    // Awaited in order below; a failure of a later block must not count as unhandled until then.
    result.catch(() => {});
    running.push({ first, result });
    if (running.length > pool.threads) yield await next(running);
  }
  while (running.length > 0) yield await next(running);
}

async function next(running: { first: number; result: Promise<ClusteredBlock> }[]) {
  const { first, result } = running.shift()!;
  return { first, labelled: await result };
}
