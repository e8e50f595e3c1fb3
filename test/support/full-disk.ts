import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A small file system of its own. */
export interface SmallDisk {
  readonly dir: string;
  readOnly(): void;
  remove(): void;
}

/** Mounts a tmpfs of so many megabytes; undefined, with a word on stderr, where that is not permitted. */
export function smallDisk(megabytes: number): SmallDisk | undefined {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'voxreel-disk-'));
  const call = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });
  try {
    call('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir);
  } catch (error) {
    rmSync(dir, { recursive: true });
    console.warn(`SKIPPED: this needs permission to mount a tmpfs (${(error as Error).message.split('\n')[0]})`);
    return undefined;
  }
  return {
    dir,
    readOnly: () => void call('mount', '-o', 'remount,ro', dir),
    remove() {
      call('umount', dir);
      rmSync(dir, { recursive: true });
    },
  };
}
