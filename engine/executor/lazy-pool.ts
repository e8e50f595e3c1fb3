import type { Pool } from '../../numerics/pool.js';

/** A pool whose code is loaded when a step first uses it: a run that finds everything cached loads none. */
export function lazyPool(threads: number): Pool {
  let started: Promise<Pool> | undefined;
  const start = async () => (await import('../../numerics/pool.js')).createPool(threads);
  return {
    threads,
    async run(task, payload, options) {
      started ??= start();
      return (await started).run(task, payload, options);
    },
    async close() {
      await (await started)?.close();
      started = undefined;
    },
  };
}
