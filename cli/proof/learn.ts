import type { ResolvedInputs, Workflow } from '../../engine/workflow.js';
import { withEmptyCache } from '../../proof/compute.js';
import type { Lock } from '../../proof/lock-file.js';
import { learnSpreads, type PerturbedInputs } from '../../proof/perturb.js';
import { withSpreads } from '../../proof/spread.js';
import { registry } from '../../steps/registry.js';
import { print } from '../streams.js';
import { showRun } from '../terminal/show-run.js';
import { spreadLines } from './spread-lines.js';

/** Runs a study with noise on its inputs, shows what that did, and gives the lock the tolerances that follow. */
export async function learnedLock(
  workflow: Workflow,
  lock: Lock,
  options: {
    readonly runs: number;
    readonly inputs: ResolvedInputs;
    readonly perturbed: PerturbedInputs;
    /** The study's cache; the runs get an empty one beside it. */
    readonly cache: string;
    readonly cores?: number;
    readonly signal: AbortSignal;
  },
): Promise<Lock | undefined> {
  const { runs, inputs, perturbed, cache, cores, signal } = options;
  print('', `Noise, at most a unit in the last place of single precision, on ${perturbed.moved.join(', ')}.`);
  if (perturbed.asTheyAre.length > 0) print(`As they are: ${perturbed.asTheyAre.join(', ')}.`);
  let shown: ReturnType<typeof showRun> | undefined;
  try {
    const spreads = await withEmptyCache(cache, (folder) =>
      learnSpreads(
        workflow,
        lock,
        runs,
        {
          cache: folder,
          registry,
          inputs,
          ...(cores === undefined ? {} : { cores }),
          signal,
          onEvent: (event) => shown?.event(event),
        },
        (run) => {
          shown?.end();
          shown?.close();
          print('', `Run ${run} of ${runs} with noise`);
          shown = showRun({ json: false });
        },
      ),
    );
    shown?.end();
    if (!spreads || signal.aborted) return undefined;
    print('', ...spreadLines(spreads, workflow, runs));
    return withSpreads(lock, spreads, { runs, noiseOn: perturbed.moved });
  } finally {
    shown?.close();
  }
}
