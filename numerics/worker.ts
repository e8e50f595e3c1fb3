import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { SystemFailure } from './pool.js';
import { tasks } from './tasks.js';

/**
 * Entry of every pool worker: looks the task up and moves (not copies) the buffers of its result back. Errors lose their
 * code (`ENOSPC`) on the way between threads, so those of the system come as a result (see pool.ts).
 */
export default async function work({ task, payload }: { task: string; payload: unknown }): Promise<unknown> {
  const load = tasks[task];
  if (!load) throw new Error(`no pool task named ${task}`);
  try {
    const result = await (await load())(payload);
    return typeof result === 'object' && result !== null ? moveBuffers(result) : result;
  } catch (error) {
    const { code, path, syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    return { systemError: { code, path, syscall, message } } satisfies SystemFailure;
  }
}

function moveBuffers(result: object): unknown {
  const buffers = Object.values(result)
    .filter((value): value is ArrayBufferView => ArrayBuffer.isView(value))
    .map((view) => view.buffer as ArrayBuffer);
  if (buffers.length === 0) return result;
  return move({
    get [transferableSymbol]() {
      return [...new Set(buffers)];
    },
    get [valueSymbol]() {
      return result;
    },
  } as never);
}
