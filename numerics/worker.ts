import { move, transferableSymbol, valueSymbol } from 'piscina';
import { tasks } from './tasks.js';

/** Entry of every pool worker: looks the task up and moves (not copies) the buffers of its result back. */
export default async function work({ task, payload }: { task: string; payload: unknown }): Promise<unknown> {
  const load = tasks[task];
  if (!load) throw new Error(`no pool task named ${task}`);
  const result = await (await load())(payload);
  return typeof result === 'object' && result !== null ? moveBuffers(result) : result;
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
