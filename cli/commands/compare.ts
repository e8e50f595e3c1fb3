import { openStore } from '../../cache/store.js';
import { compareExperiments } from '../../compare/experiments.js';
import { defaultCache, loadWorkflow, plan, UserError } from '../../index.js';
import { exitCode } from '../exit-code.js';
import { interruptible } from '../interrupt.js';
import { print } from '../streams.js';
import { studyAndNames } from '../study-file.js';
import { comparisonLines } from '../terminal/comparison-lines.js';
import { outError } from '../write-out.js';

export interface CompareOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly set?: readonly string[];
  readonly cache?: string;
}

/** Compares the maps that the cache has of several experiments of a file. */
export async function compareCommand(words: readonly string[], options: CompareOptions): Promise<number> {
  const { file, names } = studyAndNames(words);
  if (names.length < 2 || new Set(names).size < names.length) {
    throw new UserError({
      message:
        names.length < 2
          ? `one experiment is not enough: ${names.join('') || 'none named'}`
          : 'an experiment is named twice',
      expected: 'two or more: voxreel compare study.yaml default glover',
    });
  }
  const { set = [], cache } = options;
  const interrupt = interruptible();
  try {
    const { signal } = interrupt;
    const experiments = [];
    for (const experiment of names) {
      const workflow = await loadWorkflow(file, { set, experiment });
      experiments.push({ workflow, plan: await plan(workflow, { signal, ...(cache === undefined ? {} : { cache }) }) });
    }
    const store = await openStore(cache ?? defaultCache(experiments[0]!.workflow));
    const comparison = await compareExperiments(experiments, store, signal);
    if (options.json) print(JSON.stringify(comparison, null, 2));
    else print(...comparisonLines(comparison));
    if (options.out !== undefined) {
      const { drawComparison } = await import('../../compare/figure.js');
      const drawn = await drawComparison(comparison, experiments, store, options.out).catch((error) => {
        throw outError(error, options.out!, 'a file in a folder that exists');
      });
      if (!options.json) print('', drawn ? `Written: ${options.out}` : 'Nothing to draw: no map differs.');
    }
    return exitCode.ok;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    interrupt.end();
  }
}
