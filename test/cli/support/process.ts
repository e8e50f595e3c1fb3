import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { root } from '../../support/shared.js';

export interface Ended {
  /** As a shell reports it: 130 also for an end by SIGINT. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time. */
  readonly seconds: number;
}

/** Starts the built command line in a folder, as a user's shell would. */
export function startVoxreel(cwd: string, args: readonly string[]): { process: ChildProcess; ended: Promise<Ended> } {
  const began = performance.now();
  const child = spawn(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const code = signal === 'SIGINT' ? 130 : status;
      resolve({ code, stdout, stderr, seconds: (performance.now() - began) / 1000 });
    });
  });
  return { process: child, ended };
}

export function voxreel(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return startVoxreel(cwd, args).ended;
}
