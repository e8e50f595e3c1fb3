import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setRoot } from '../../cache/roots.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import { defaultCache, loadWorkflow } from '../../index.js';
import { compute } from '../../proof/compute.js';
import { lockFileOf, lockText, readFormerLock } from '../../proof/lock-file.js';
import { makeLock } from '../../proof/make-lock.js';
import { perturbedInputs } from '../../proof/perturb.js';
import { readTolerances, savedTolerances, withTolerances } from '../../proof/tolerances.js';
import { registry } from '../../steps/registry.js';
import { exitCode } from '../exit-code.js';
import { interruptible } from '../interrupt.js';
import { learnedLock } from '../proof/learn.js';
import { print } from '../streams.js';
import type { CacheOptions } from '../study-options.js';
import { showRun } from '../terminal/show-run.js';
import { bytes, count } from '../terminal/text.js';
import { outError } from '../write-out.js';

export interface LockOptions extends CacheOptions {
  readonly lock?: string;
  readonly cores?: number;
  readonly tolerance?: readonly string[];
  readonly perturb?: number;
}

/** Runs what is not cached and writes the lock file. */
export async function lockCommand(file: string, options: LockOptions): Promise<number> {
  const { experiment, set = [], cores, tolerance = [], perturb: runs } = options;
  const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
  const asked = readTolerances(tolerance, workflow);
  const lockFile = path.resolve(options.lock ?? lockFileOf(workflow));
  const cache = path.resolve(options.cache ?? defaultCache(workflow));
  const inputs = await resolveInputs(workflow, registry);
  const perturbed = runs === undefined ? undefined : perturbedInputs(inputs, workflow);
  const interrupt = interruptible();
  const shown = showRun({ json: false });
  try {
    const { signal } = interrupt;
    const computed = await compute(workflow, {
      cache,
      registry,
      inputs,
      ...(cores === undefined ? {} : { cores }),
      signal,
      onEvent: shown.event,
    });
    shown.end();
    if (signal.aborted) return exitCode.interrupted;
    if (!computed) return exitCode.failed;
    shown.close();
    const plain = await makeLock(computed, signal);
    const learning = { cache, inputs, signal, ...(cores === undefined ? {} : { cores }) };
    const learned = perturbed && runs ? await learnedLock(workflow, plain, { ...learning, runs, perturbed }) : plain;
    if (signal.aborted) return exitCode.interrupted;
    if (!learned) return exitCode.failed;
    const lock = withTolerances(learned, asked, runs === undefined ? await readFormerLock(lockFile) : undefined);
    const text = lockText(lock);
    await writeFile(lockFile, text).catch((error) => {
      throw outError(error, lockFile, 'a file in a folder that exists');
    });
    const keys = computed.results.map(({ record }) => record!.key);
    await setRoot(computed.store, lockFile, [...new Set(keys)]);
    const results = count(Object.keys(lock.results).length, 'result');
    print('', `Locked: ${path.relative('', lockFile)} (${results}, ${bytes(text.length)})`);
    const own = savedTolerances(lock);
    if (own > 0) print(`Tolerances of their own: ${count(own, 'content')}`);
    return exitCode.ok;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    shown.close();
    interrupt.end();
  }
}
