import { rowBytes, rowMemory } from '../row-code.js';
import type { RowMemory } from '../rows.js';
import { unshared } from '../shared-memory.js';
import { productRowBytes, voxelsPerRow } from './by-products.js';
import { estimatorFor } from './estimator.js';
import { lagOneRowBytes } from './lag-one-estimator.js';
import type { Estimator, FitModel } from './model.js';

/** What an estimator takes of a memory, of any noise: `ar1-known` has a row more than `byProducts`. */
const estimatorRowBytes = Math.max(productRowBytes + rowBytes(voxelsPerRow, 8), lagOneRowBytes);

/** A model's estimator in this thread, and memory that it shares with whoever uses its estimates. */
export interface Prepared {
  readonly model: FitModel;
  readonly estimate: Estimator;
  readonly memory: RowMemory;
}

interface Kept extends Prepared {
  readonly bytes: number;
}

let kept: Kept | undefined;

/**
 * Prepares a model whose large arrays may be shared. The last one is kept for this thread's next task, which is mostly
 * another block of the same subject: preparing costs as much as some ten voxels, fresh memory as much as the estimates.
 * `bytes`: what `use` takes of the memory; it is taken back afterwards.
 */
export async function withEstimator<R>(
  model: FitModel,
  bytes: number,
  use: (prepared: Prepared) => Promise<R>,
): Promise<R> {
  const found = kept;
  // Nobody else may use it meanwhile.
  kept = undefined;
  const same = found && model.key !== undefined && found.model.key === model.key && found.bytes >= bytes;
  const prepared = same ? found : await prepare(model, bytes);
  const mark = prepared.memory.mark();
  try {
    return await use(prepared);
  } finally {
    prepared.memory.release(mark);
    kept = prepared;
  }
}

async function prepare(model: FitModel, bytes: number): Promise<Kept> {
  const memory = rowMemory(estimatorRowBytes + bytes);
  const own = inThisThread(model);
  return { model: own, estimate: await estimatorFor(own, memory), memory, bytes };
}

/** With regressors and nuisance in memory of this thread: native code cannot work on shared memory. */
function inThisThread(model: FitModel): FitModel {
  return { ...model, regressors: unshared(model.regressors), nuisance: unshared(model.nuisance) };
}

/** What `estimatorIn` takes of a memory. */
export function estimatorBytes({ regressors }: FitModel): number {
  return estimatorRowBytes + rowBytes(regressors.length, 8);
}

/** An estimator for a model that is used once in a thread; it may be used until `memory` takes its arrays back. */
export function estimatorIn(memory: RowMemory, model: FitModel): Promise<Estimator> {
  const regressors = memory.float64(model.regressors.length);
  regressors.set(model.regressors);
  return estimatorFor({ ...model, regressors, nuisance: unshared(model.nuisance) }, memory);
}
