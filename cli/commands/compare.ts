import { UserError } from '../../artifacts/user-error.js';
import { openRunLog } from '../../cache/run-log.js';
import { openStore } from '../../cache/store.js';
import { sideOfExperiment, sideOfRun } from '../../compare/cached.js';
import { compareSides } from '../../compare/comparison.js';
import { sideOfFolder } from '../../compare/published.js';
import type { Side } from '../../compare/side.js';
import { pastRuns } from '../../engine/run-record.js';
import { defaultCache, loadWorkflow, plan } from '../../index.js';
import { type Compared, comparedBy, namesOfFolders } from '../compare-words.js';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { interruptible } from '../interrupt.js';
import { runNamed } from '../run-named.js';
import { print } from '../streams.js';
import { comparisonLines } from '../terminal/comparison-lines.js';
import { outError } from '../write-out.js';

export interface CompareOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly set?: readonly string[];
  readonly cache?: string;
}

const HINTS: Readonly<Record<Compared['kind'], string>> = {
  experiments: 'Run them first: voxreel run FILE --all-experiments.',
  runs: 'The cache no longer has what they made; run them again, or compare their results folders.',
  folders: 'Results are matched by the names of outputs: give what belongs together the same name under `outputs`.',
};

/** Compares maps: of experiments of a file or past runs by what the cache has, or of published results folders. */
export async function compareCommand(words: readonly string[], options: CompareOptions): Promise<number> {
  const compared = comparedBy(words);
  const interrupt = interruptible();
  try {
    const { signal } = interrupt;
    const sides = await sidesOf(compared, options, signal);
    const comparison = await compareSides(sides, HINTS[compared.kind], signal);
    if (options.json) print(JSON.stringify(comparison, null, 2));
    else print(...comparisonLines(comparison));
    if (options.out !== undefined) {
      const { drawComparison } = await import('../../compare/figure.js');
      const drawn = await drawComparison(comparison, sides, options.out).catch((error) => {
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

async function sidesOf(compared: Compared, { set, cache }: CompareOptions, signal: AbortSignal): Promise<Side[]> {
  if (compared.kind !== 'experiments' && set !== undefined)
    throw new UserError({ message: `--set is for experiments, not for ${compared.kind}: they are what they are` });
  const sides: Side[] = [];
  switch (compared.kind) {
    case 'experiments':
      for (const experiment of compared.names) {
        const workflow = await loadWorkflow(compared.file, { set: set ?? [], experiment });
        const store = await openStore(cache ?? defaultCache(workflow));
        const planned = await plan(workflow, { signal, ...(cache === undefined ? {} : { cache }) });
        sides.push(sideOfExperiment(workflow, planned, store));
      }
      break;
    case 'runs': {
      const store = await openStore(await existingCache(cache));
      const log = openRunLog(store);
      const runs = compared.ids.map((id) => runNamed(pastRuns(log), id));
      if (new Set(runs).size < runs.length) throw new UserError({ message: 'a run is named twice' });
      for (const run of runs) sides.push(sideOfRun(run, log.keys(run), store));
      break;
    }
    case 'folders': {
      if (cache !== undefined)
        throw new UserError({ message: '--cache is for experiments and runs: results folders are read without one' });
      const names = namesOfFolders(compared.dirs);
      for (const [index, dir] of compared.dirs.entries()) sides.push(await sideOfFolder(dir, names[index]!));
    }
  }
  return sides;
}
