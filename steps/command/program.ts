import { execa } from 'execa';
import type { CommandLine } from './placeholders.js';

/** How a program ended. */
export interface Ending {
  /** Absent if it could not be started, or was ended by a signal. */
  readonly exitCode?: number;
  readonly signal?: string;
  /** Why it could not be started (`ENOENT`, `EACCES`). */
  readonly startError?: string;
  /** The last lines of what it wrote to stderr, or to stdout if stderr was empty. */
  readonly lastLines: string;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Time between asking a program to end and ending it, in ms; an interrupted run has 2 s in all. */
const GRACE_MS = 1000;
const LAST_LINES = 15;

/**
 * Runs a program in its own process group, so that whatever it starts ends with it: on abort, when it has finished and
 * left something behind, and when this process exits.
 */
export async function runProgram(line: CommandLine, { cwd, env, signal }: ProgramOptions): Promise<Ending> {
  signal.throwIfAborted();
  const common = {
    cwd,
    env,
    stdin: 'ignore',
    detached: process.platform !== 'win32',
    buffer: false,
    reject: false,
    cleanup: false,
  } as const;
  const child =
    typeof line === 'string' ? execa(line, { ...common, shell: true }) : execa(line[0]!, line.slice(1), common);
  const out = lastText(child.stdout);
  const errors = lastText(child.stderr);

  const kill = (name: 'SIGTERM' | 'SIGKILL') => {
    if (child.pid === undefined) return;
    try {
      if (common.detached) process.kill(-child.pid, name);
      else child.kill(name);
    } catch {
      // The group is gone already.
    }
  };
  const killNow = () => kill('SIGKILL');
  let grace: NodeJS.Timeout | undefined;
  const abort = () => {
    kill('SIGTERM');
    grace = setTimeout(killNow, GRACE_MS);
  };
  signal.addEventListener('abort', abort, { once: true });
  process.once('exit', killNow);
  // What it left running in the background would keep its output open, and write into a folder that is about to go.
  child.once('exit', killNow);
  try {
    const result = await child;
    signal.throwIfAborted();
    return {
      ...(result.exitCode === undefined ? {} : { exitCode: result.exitCode }),
      ...(result.signal === undefined ? {} : { signal: result.signal }),
      ...(result.code !== undefined && child.pid === undefined ? { startError: result.code } : {}),
      lastLines: errors() || out(),
    };
  } finally {
    clearTimeout(grace);
    signal.removeEventListener('abort', abort);
    process.removeListener('exit', killNow);
  }
}

/** Reads a stream to its end and keeps its last lines. */
function lastText(stream: NodeJS.ReadableStream | null | undefined): () => string {
  let text = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-4096);
  });
  return () => text.trimEnd().split(/\r?\n/).slice(-LAST_LINES).join('\n');
}
