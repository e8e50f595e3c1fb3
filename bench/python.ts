import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a script in bench/ prints as JSON; null where there is no `python3`, or without what the script imports. */
export function fromPython<R>(script: string, args: readonly string[]): R | null {
  const file = fileURLToPath(new URL(`../../bench/${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync('python3', [file, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return JSON.parse(stdout) as R;
  if (status === null || stderr.includes('ModuleNotFoundError')) return null;
  throw new Error(stderr);
}
