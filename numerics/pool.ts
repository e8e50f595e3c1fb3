import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';

/** The shared worker threads. Tasks are named in `tasks.ts`; data goes and comes as plain typed arrays. */
export interface Pool {
  readonly threads: number;
  /** Runs one task on a worker. `transfer` lists buffers to move instead of copy. */
  run<R>(
    task: string,
    payload: unknown,
    options?: { transfer?: readonly ArrayBuffer[]; signal?: AbortSignal },
  ): Promise<R>;
  close(): Promise<void>;
}

/** Workers are started on first use, so a run that finds everything cached pays nothing. */
export function createPool(threads: number = os.availableParallelism()): Pool {
  let piscina: Piscina | undefined;
  const start = () =>
    new Piscina({
      filename: workerFile(),
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: 60_000,
      concurrentTasksPerWorker: 1,
    });
  return {
    threads,
    run(task, payload, options = {}) {
      piscina ??= start();
      return piscina.run(
        { task, payload },
        {
          transferList: (options.transfer ?? []) as ArrayBuffer[],
          ...(options.signal ? { signal: options.signal } : {}),
        },
      );
    },
    async close() {
      await piscina?.destroy();
      piscina = undefined;
    },
  };
}

/** Workers need compiled JavaScript: the file beside this one, or under dist/ when this module runs from source (vitest). */
function workerFile(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const beside = path.join(here, 'worker.js');
  return existsSync(beside) ? beside : path.join(here, '..', 'dist', 'numerics', 'worker.js');
}
