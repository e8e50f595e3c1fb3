import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';

/** The shared worker threads. Tasks are named in `tasks.ts`; data goes and comes as plain typed arrays. */
export interface Pool {
  readonly threads: number;
  /**
   * Runs one task on a worker. `transfer` lists buffers to move instead of copy. An abort of `signal` drops a task that
   * waits and rejects at once for one that runs; that one comes to its end unheard.
   */
  run<R>(
    task: string,
    payload: unknown,
    options?: { transfer?: readonly ArrayBuffer[]; signal?: AbortSignal },
  ): Promise<R>;
  /** Drops what waits, lets running tasks come to their end, and ends the threads. */
  close(): Promise<void>;
}

/** What a worker returns instead of a result when a file could not be opened or written. */
export interface SystemFailure {
  readonly systemError: Pick<NodeJS.ErrnoException, 'code' | 'path' | 'syscall' | 'message'>;
}

/**
 * Workers are started on first use, so a run that finds everything cached pays nothing.
 *
 * A worker is never ended while it computes: ending a thread inside native code (ONNX Runtime) takes the whole process
 * down (node-addon-api cannot throw into a thread that is ending). So tasks wait here and not in Piscina, whose abort
 * would end the worker of a running task.
 */
export function createPool(threads: number = os.availableParallelism()): Pool {
  let piscina: Piscina | undefined;
  const running = new Set<Promise<unknown>>();
  const waiting = new Set<{ readonly start: () => void; readonly drop: (reason: unknown) => void }>();
  const open = () =>
    new Piscina({
      filename: workerFile(),
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: 60_000,
      concurrentTasksPerWorker: 1,
    });
  const startNext = () => {
    const [next] = waiting;
    if (next && running.size < threads) next.start();
  };
  return {
    threads,
    run<R>(task: string, payload: unknown, { transfer = [], signal }: Parameters<Pool['run']>[2] = {}): Promise<R> {
      return new Promise<R>((resolve, reject) => {
        const onAbort = () => {
          waiting.delete(entry);
          reject(signal?.reason);
        };
        const entry = {
          start() {
            waiting.delete(entry);
            piscina ??= open();
            const work = piscina.run({ task, payload }, { transferList: transfer as ArrayBuffer[] }).then(unlessFailed);
            running.add(work);
            work.then(resolve, reject).finally(() => {
              signal?.removeEventListener('abort', onAbort);
              running.delete(work);
              startNext();
            });
          },
          drop: reject,
        };
        if (signal?.aborted) return reject(signal.reason);
        signal?.addEventListener('abort', onAbort, { once: true });
        waiting.add(entry);
        startNext();
      });
    },
    async close() {
      for (const { drop } of waiting) drop(new Error('the pool is closed'));
      waiting.clear();
      await Promise.allSettled(running);
      const ending = piscina;
      piscina = undefined;
      await ending?.destroy();
    },
  };
}

function unlessFailed<R>(result: R): R {
  const { systemError } = (result ?? {}) as Partial<SystemFailure>;
  if (!systemError) return result;
  const { message, ...facts } = systemError;
  throw Object.assign(new Error(message), facts);
}

/** Workers need compiled JavaScript: the file beside this one, or under dist/ when this module runs from source (vitest). */
function workerFile(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const beside = path.join(here, 'worker.js');
  return existsSync(beside) ? beside : path.join(here, '..', 'dist', 'numerics', 'worker.js');
}
