import type { Pool } from '../../numerics/pool.js';
import type { Executor } from './executor.js';

/** Runs steps in this process; what they send to `pool` runs on its threads. */
export function localExecutor(pool: Pool): Executor {
  return {
    async execute(job, events, signal) {
      signal.throwIfAborted();
      return await job.step.type.run({
        params: job.step.params,
        inputs: job.inputs,
        workDir: job.workDir,
        instance: job.instance,
        threads: job.threads,
        signal,
        pool,
        progress: events.progress,
        note: events.note,
      });
    },
    async close() {},
  };
}
