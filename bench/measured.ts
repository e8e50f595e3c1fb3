import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** What a piece of work took. */
export interface Measured {
  readonly seconds: number;
  /** Of all threads, s: tells a busy machine from slow code. */
  readonly cpu: number;
}

export async function measured(work: () => Promise<unknown>): Promise<Measured> {
  const start = performance.now();
  const used = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(used);
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

/**
 * Highest resident memory of this process so far, MB. On Linux not `resourceUsage().maxRSS`, which begins with what the process
 * that started this one held.
 */
export function peakMB(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const own = /VmHWM:\s*(\d+) kB/.exec(status)?.[1];
  return (own === undefined ? process.resourceUsage().maxRSS : Number(own)) / 1024;
}

/** Runs a benchmark's file in a fresh process; what that prints is JSON. */
export async function inFreshProcess<R>(file: string, ...args: readonly string[]): Promise<R> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file, '--child', ...args]);
    return JSON.parse(stdout) as R;
  } catch (error) {
    // Not the message, which repeats all of `args`.
    const { stderr, code, signal } = error as { stderr?: string; code?: number | string; signal?: string };
    throw new Error(stderr || `ended with ${signal ?? code}`);
  }
}
