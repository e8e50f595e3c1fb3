import type { StepContext } from '../../engine/step-type.js';
import { inBlocks } from '../../numerics/blocks.js';
import type { Residualised } from '../../numerics/glm/residualise.js';
import type { ResidualisePayload } from '../../numerics/glm/residualise-task.js';
import type { Nuisance } from './nuisance.js';

/** Series per task: 5 MB at 163 volumes. */
const blockSize = 4096;

/** Takes the nuisance out of series [series, time] on the pool, in place. */
export async function residualSeries(
  series: Float64Array,
  time: number,
  { rows: nuisance, rank }: Nuisance,
  {
    pool,
    signal,
    progress,
  }: Pick<StepContext, 'pool' | 'signal'> & { progress?: (done: number, total: number) => void },
): Promise<Residualised> {
  const total = series.length / time;
  const mean = new Float64Array(total);
  const state = new Uint8Array(total);
  await inBlocks(
    { total, size: blockSize, ahead: pool.threads + 1 },
    async (first, end) => {
      signal.throwIfAborted();
      const block = series.slice(first * time, end * time);
      const payload: ResidualisePayload = { series: block, nuisance, count: end - first, time, rank };
      return pool.run<Residualised>('glm.residualise', payload, { transfer: [block.buffer as ArrayBuffer], signal });
    },
    (block, first, end) => {
      series.set(block.residuals, first * time);
      mean.set(block.mean, first);
      state.set(block.state, first);
      progress?.(end, total);
    },
  );
  return { residuals: series, mean, state };
}
