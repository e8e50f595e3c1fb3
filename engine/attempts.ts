import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../artifacts/user-error.js';
import type { StoreRecord } from '../cache/record.js';
import type { Job } from './executor/executor.js';
import { EditedInputError } from './input-guard.js';
import { failureOf, type Made, type PerformOptions, perform } from './perform.js';

/** A step that does not let go when its time is over is left behind after this long. */
const GRACE_MS = 2000;

/** Before the second attempt; twice as long before each further one. */
const PAUSE_MS = 1000;

/**
 * Runs an instance, again after a failure as often as its step's `retries` allow. An input that was edited is no reason to
 * try again: the run began with another one.
 */
export async function attempt(
  job: Omit<Job, 'workDir'>,
  key: string,
  made: Made,
  options: PerformOptions,
): Promise<StoreRecord> {
  const { emit, signal } = options;
  const { retries } = job.step.limits;
  for (let failures = 0; ; ) {
    try {
      return await inTime(job, key, made, options);
    } catch (error) {
      if (signal.aborted || failures++ === retries || error instanceof EditedInputError) throw error;
      const { problems } = failureOf(error, job.step);
      emit({ type: 'retried', instance: job.instance, attempt: failures + 1, attempts: retries + 1, problems });
      await sleep(PAUSE_MS * 2 ** (failures - 1), undefined, { signal });
    }
  }
}

async function inTime(
  job: Omit<Job, 'workDir'>,
  key: string,
  made: Made,
  options: PerformOptions,
): Promise<StoreRecord> {
  const { timeout } = job.step.limits;
  if (timeout === undefined) return perform(job, key, made, options);
  const clock = new AbortController();
  const signal = AbortSignal.any([options.signal, clock.signal]);
  setMaxListeners(0, signal);
  const timers: NodeJS.Timeout[] = [];
  const late = new Promise<never>((_, reject) => {
    timers[0] = setTimeout(() => {
      clock.abort();
      timers[1] = setTimeout(() => reject(tooLate(job, timeout)), GRACE_MS);
    }, timeout * 1000);
  });
  const work = perform(job, key, made, { ...options, signal });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw clock.signal.aborted && !options.signal.aborted ? tooLate(job, timeout) : error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function tooLate({ instance, step }: Omit<Job, 'workDir'>, timeout: number): UserError {
  return new UserError({
    message: `${instance} was ended after ${timeout} s, its \`timeout\``,
    place: step.place,
    hint: `Give \`${step.name}\` a longer \`timeout\`, or find out why it takes so long.`,
  });
}
