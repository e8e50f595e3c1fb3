import { rm } from 'node:fs/promises';
import { type Problem, UserError } from '../artifacts/user-error.js';
import { folderError } from '../cache/folder-error.js';
import type { StoreRecord } from '../cache/record.js';
import type { Store } from '../cache/store.js';
import type { RunFolder } from '../cache/work-folders.js';
import type { Emit } from './events.js';
import type { Executor, Job } from './executor/executor.js';
import type { InputFacts } from './input-facts.js';
import type { InputGuard } from './input-guard.js';
import type { Ingredients } from './keys.js';
import { checkedOutputs } from './outcome.js';
import type { Registry } from './step-type.js';
import type { StepNode } from './workflow.js';

/** Progress that a reader can follow; steps may report as often as they like. */
const PROGRESS_MS = 100;

export interface PerformOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly executor: Executor;
  readonly folder: RunFolder;
  readonly guard: InputGuard;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** What goes into the record beside the result. */
export interface Made {
  readonly ingredients: Ingredients;
  readonly sources: InputFacts;
  /** The user's files that the instance reads. */
  readonly files: readonly string[];
}

/** Runs one instance and puts its result into the store. Its work folder is gone afterwards, however it ends. */
export async function perform(
  job: Omit<Job, 'workDir'>,
  key: string,
  made: Made,
  options: PerformOptions,
): Promise<StoreRecord> {
  const { store, registry, executor, folder, guard, emit, signal } = options;
  const { instance } = job;
  let workDir: string | undefined;
  const began = performance.now();
  const notes: string[] = [];
  let reported = Number.NEGATIVE_INFINITY;
  try {
    const unedited = await guard(made.files, instance, signal);
    workDir = await folder.workDir();
    const complete: Job = { ...job, workDir };
    const produced = await executor.execute(
      complete,
      {
        progress(done, total, unit) {
          const now = performance.now();
          if (signal.aborted || (now - reported < PROGRESS_MS && done < total)) return;
          reported = now;
          emit({ type: 'progress', instance, done, total, unit });
        },
        note(message) {
          if (signal.aborted) return;
          notes.push(message);
          emit({ type: 'note', instance, message });
        },
      },
      signal,
    );
    signal.throwIfAborted();
    await unedited();
    const outputs = await checkedOutputs(produced, complete, registry);
    const seconds = (performance.now() - began) / 1000;
    const ingredients = { ...made.ingredients };
    return await store.put(folder, key, { outputs, notes, seconds, ingredients, sources: { ...made.sources } }, signal);
  } catch (error) {
    throw inUserTerms(error, store);
  } finally {
    if (workDir !== undefined)
      await rm(workDir, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

/** Steps write into the cache folder only, so a full disk is that folder's, even where the error names no path. */
function inUserTerms(error: unknown, store: Store): unknown {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return full || path?.startsWith(store.dir) ? folderError(error, store.dir, 'the cache folder') : error;
}

/** What a `failed` event says about an error: the problems of a UserError with their lines, else message and stack. */
export function failureOf(error: unknown, step?: StepNode): { problems: readonly Problem[]; stack?: string } {
  if (error instanceof UserError) {
    return {
      problems: error.problems.map(({ keys, ...problem }) =>
        keys && step && !problem.place ? { ...problem, place: step.placeOf(keys) } : problem,
      ),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    problems: [{ message, hint: 'This is not a message about your files: please report it with the lines below.' }],
    ...(error instanceof Error && error.stack ? { stack: error.stack } : {}),
  };
}
