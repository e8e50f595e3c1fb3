import { existsSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openStore, type Store } from '../../cache/store.js';
import { defaultCache, loadWorkflow, type RunEvent, type Workflow } from '../../index.js';
import { type Computed, compute, withEmptyCache } from '../../proof/compute.js';
import { definitionOf } from '../../proof/definition.js';
import { environment } from '../../proof/environment.js';
import { lockFileOf, readLock } from '../../proof/lock-file.js';
import { makeLock } from '../../proof/make-lock.js';
import { readTolerances } from '../../proof/tolerances.js';
import { unstableResults } from '../../proof/twice.js';
import { type Verification, verificationOf } from '../../proof/verification.js';
import { withDifferences } from '../../proof/with-differences.js';
import { registry } from '../../steps/registry.js';
import { exitCode } from '../exit-code.js';
import { interruptible } from '../interrupt.js';
import { junitText } from '../proof/junit.js';
import { markdownText } from '../proof/markdown.js';
import { verificationLines } from '../proof/verification-lines.js';
import { print } from '../streams.js';
import type { CacheOptions } from '../study-options.js';
import { colours, wantsColour } from '../terminal/colour.js';
import { showRun } from '../terminal/show-run.js';
import { outError } from '../write-out.js';

export interface VerifyOptions extends CacheOptions {
  readonly lock?: string;
  readonly cached?: boolean;
  readonly static?: boolean;
  readonly twice?: boolean;
  readonly cores?: number;
  readonly json?: boolean;
  readonly junit?: string;
  readonly summary?: string;
  readonly tolerance?: readonly string[];
}

const EXIT = {
  identical: exitCode.ok,
  within: exitCode.ok,
  different: exitCode.failed,
  failed: exitCode.failed,
  outdated: exitCode.outdated,
} as const;

/** Compares a study with its lock file: recomputed, from the cache, or by the files alone. */
export async function verifyCommand(file: string, options: VerifyOptions): Promise<number> {
  const { experiment, set = [], tolerance = [] } = options;
  const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
  const asked = readTolerances(tolerance, workflow);
  const lockFile = path.resolve(options.lock ?? lockFileOf(workflow));
  const lock = await readLock(lockFile);
  const definition = definitionOf(workflow);
  const common = { lock, file: lockFile, definition, asked };
  if (options.static) return report(verificationOf({ ...common, environment: environment() }), options);

  const interrupt = interruptible();
  try {
    const { signal } = interrupt;
    const cache = path.resolve(options.cache ?? defaultCache(workflow));
    const verification = await withComputed(workflow, { ...options, cache }, signal, async (computed, unstable) => {
      if (!computed) return verificationOf({ ...common, environment: environment(), found: 'failed' });
      const { inputs, results, environment: now } = await makeLock(computed, signal);
      const { graph, names } = computed;
      const found = { graph, names, inputs, results };
      const verification = verificationOf({ ...common, environment: now, found, ...(unstable ? { unstable } : {}) });
      return withDifferences(verification, lock, computed, await keptStore(cache), signal);
    });
    if (signal.aborted) return exitCode.interrupted;
    return await report(verification, options);
  } catch (error) {
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    interrupt.end();
  }
}

/** Computes the study as the options say and hands it over while its store is there. */
async function withComputed(
  workflow: Workflow,
  options: VerifyOptions & { readonly cache: string },
  signal: AbortSignal,
  use: (computed: Computed | undefined, unstable?: readonly string[]) => Promise<Verification>,
): Promise<Verification> {
  const { cache } = options;
  const once = async (folder: string, cores = options.cores) => {
    const shown = options.json ? undefined : showRun({ json: false });
    const onEvent = (event: RunEvent) => shown?.event(event);
    try {
      const computed = await compute(workflow, {
        cache: folder,
        registry,
        ...(cores === undefined ? {} : { cores }),
        signal,
        onEvent,
      });
      shown?.end();
      return computed;
    } finally {
      shown?.close();
    }
  };
  const first = async (folder: string) => {
    const computed = await once(folder);
    if (!computed || !options.twice) return use(computed);
    return withEmptyCache(cache, async (other) => {
      const second = await once(other, 1);
      return second ? use(computed, unstableResults(computed, second)) : use(undefined);
    });
  };
  return options.cached ? first(cache) : withEmptyCache(cache, first);
}

/** The cache that may hold what was locked, if there is one. */
async function keptStore(cache: string): Promise<Store | undefined> {
  return existsSync(path.join(cache, 'store.json')) ? openStore(cache) : undefined;
}

async function report(verification: Verification, options: VerifyOptions): Promise<number> {
  const { junit, summary = process.env.GITHUB_STEP_SUMMARY } = options;
  if (options.json) print(JSON.stringify(verification, null, 2));
  else print('', ...verificationLines(verification, colours(wantsColour(process.stdout))));
  const write = async (file: string, work: () => Promise<void>) => {
    await work().catch((error) => {
      throw outError(error, file, 'a file in a folder that exists');
    });
  };
  if (junit) await write(junit, () => writeFile(junit, junitText(verification)));
  if (summary) await write(summary, () => appendFile(summary, markdownText(verification)));
  return EXIT[verification.verdict];
}
