import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../artifacts/user-error.js';
import { collectGarbage, RECENT_MS } from '../cache/garbage.js';
import { setRoot } from '../cache/roots.js';
import type { ResolvedInputs, Workflow } from '../engine/workflow.js';
import { type Computed, type ComputeOptions, compute } from './compute.js';
import type { Lock } from './lock-file.js';
import { makeLock } from './make-lock.js';
import { isPerturbed, perturbInputs } from './perturb-inputs.js';
import { type Spreads, widen } from './spread.js';

/** What gets noise and what does not: `inputs.bold.bold (8)`, `inputs.movie`. */
export interface PerturbedInputs {
  readonly moved: readonly string[];
  readonly asTheyAre: readonly string[];
}

/** @throws UserError where no input has real numbers */
export function perturbedInputs(inputs: ResolvedInputs, workflow: Workflow): PerturbedInputs {
  const counts = new Map<string, { moved: boolean; files: number | undefined }>();
  for (const [name, input] of inputs) {
    if ('files' in input) counts.set(`inputs.${name}`, { moved: isPerturbed(input.type), files: undefined });
    else
      for (const { ports } of input)
        for (const [port, { type }] of Object.entries(ports)) {
          const files = (counts.get(`inputs.${name}.${port}`)?.files ?? 0) + 1;
          counts.set(`inputs.${name}.${port}`, { moved: isPerturbed(type), files });
        }
  }
  const names = (wanted: boolean) =>
    [...counts]
      .filter(([, { moved }]) => moved === wanted)
      .map(([name, { files }]) => (files === undefined ? name : `${name} (${files})`));
  const [moved, asTheyAre] = [names(true), names(false)];
  if (moved.length === 0) {
    throw new UserError({
      message: 'no input of this study has numbers that `--perturb` could move',
      place: { file: workflow.file },
      expected: 'an input of type bids, bold, image, series, regressors or confounds',
      hint: 'Say tolerances with --tolerance instead.',
    });
  }
  return { moved, asTheyAre };
}

/**
 * Computes a study again with noise in the last digits of its inputs, several times, and collects how far each result comes
 * from the locked one.
 * @param options `cache`: an empty folder, in which results that the noise does not reach are computed once
 * @param onRun before each run, from 1
 * @returns undefined when a run failed or was interrupted
 */
export async function learnSpreads(
  workflow: Workflow,
  lock: Lock,
  runs: number,
  options: ComputeOptions & { readonly inputs: ResolvedInputs },
  onRun: (run: number) => void,
): Promise<Spreads | undefined> {
  const { cache, signal, inputs } = options;
  const spreads: Spreads = new Map();
  for (let run = 1; run <= runs; run++) {
    onRun(run);
    const copies = path.join(cache, `inputs-${run}`);
    await mkdir(copies, { recursive: true });
    const perturbed = await perturbInputs(inputs, copies, run, signal);
    const computed = await compute(workflow, { ...options, cache: path.join(cache, 'store'), inputs: perturbed });
    if (!computed) return undefined;
    widen(spreads, lock, (await makeLock(computed, signal)).results);
    await rm(copies, { recursive: true, force: true });
    await forgetMoved(computed, lock);
  }
  return spreads;
}

/** Removes the results that no later run will use, so that the folder holds one computation and not all of them. */
async function forgetMoved({ store, results, graph }: Computed, lock: Lock): Promise<void> {
  const same = results.filter(({ id, record }) => record?.key === lock.results[id]?.key);
  await setRoot(
    store,
    graph.workflow.file,
    same.map(({ record }) => record!.key),
  );
  // Nobody else uses this store: what was written just now may go too.
  await collectGarbage(store, { olderThanMs: 0, now: new Date(Date.now() + 2 * RECENT_MS) });
  // Nor shall the next run explain itself by what is gone.
  for (const name of ['history', 'collected.json'])
    await rm(path.join(store.dir, name), { recursive: true, force: true });
}
