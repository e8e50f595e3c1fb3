import { statSync } from 'node:fs';
import { rm, stat, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { folderError } from '../../cache/folder-error.js';
import { ownedName } from '../../cache/work-folders.js';
import { bytes } from '../terminal/text.js';
import { type Finding, finding } from './finding.js';

/** Under this a run is likely to end with a full disk; under the other it may. */
const NO_ROOM = 50e6;
const LITTLE_ROOM = 5e9;
/** Stored files that seem newer than their record by a second are read again at every use; a second more is writing. */
const CLOCK_TOLERANCE_MS = 2000;

/**
 * Whether a folder can be written, by writing a small file there and removing it: permissions alone do not tell for the
 * superuser or a disk that is mounted read-only. Of a folder that is not there, the nearest above it that is.
 */
export function checkFolder(what: 'cache folder' | 'results folder', dir: string): Promise<Finding> {
  return finding(what, async () => {
    const there = nearest(dir);
    const file = path.join(there, `.voxreel-doctor-${ownedName()}`);
    let ahead: number;
    try {
      if (!statSync(there).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
      const before = Date.now();
      await writeFile(file, Buffer.alloc(4096), { flag: 'wx' });
      ahead = (await stat(file)).mtimeMs - before;
    } catch (error) {
      throw folderError(error, there, `the ${what}`);
    } finally {
      await rm(file, { force: true }).catch(() => undefined);
    }
    const { bavail, bsize } = await statfs(there);
    const free = bavail * bsize;
    const facts = { path: dir, exists: there === dir, writable: true, free };
    const found = `${dir}${there === dir ? '' : ' (not there yet)'} can be written; ${bytes(free)} free`;
    const elsewhere = what === 'cache folder' ? '--cache DIR or VOXREEL_CACHE' : '--results DIR';
    const room = `Free some room (\`voxreel cache gc --older-than 30d\`), or use another disk (${elsewhere}).`;
    if (free < NO_ROOM) return { state: 'problem', found, hint: room, facts };
    if (free < LITTLE_ROOM) return { state: 'warning', found, hint: room, facts };
    if (Math.abs(ahead) > CLOCK_TOLERANCE_MS) {
      const seconds = Math.round(ahead / 1000);
      return {
        state: 'warning',
        found: `${found}; its clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine’s`,
        hint: 'Let both keep time by NTP: with clocks that differ, stored results are read again at every use.',
        facts: { ...facts, clockSeconds: seconds },
      };
    }
    return { state: 'ok', found, facts };
  });
}

function nearest(dir: string): string {
  let folder = dir;
  while (!isThere(folder) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  return folder;
}

/** A path below a file is not there either; the file is then the nearest, and told as being in the way. */
function isThere(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
