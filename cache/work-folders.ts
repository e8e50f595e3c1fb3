import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { sha256 } from './digest.js';
import { makeFolder } from './make-folder.js';

/** A folder of another machine is only called abandoned when its run has not touched it for this long. */
const STALE_MS = 6 * 3600_000;
const HEARTBEAT_MS = 10 * 60_000;

/** The folder below `tmp/` in which one run works. */
export interface RunFolder {
  readonly dir: string;
  /** A new empty folder for one instance. */
  workDir(): Promise<string>;
  /** Removes the folder with all that is in it. */
  close(): Promise<void>;
}

/** Who this process is: `machine-pid-start`. */
export function processName(): string {
  return [machineIdentity(), process.pid, processStart('self') ?? 0].join('-');
}

/** Whether the process that a name begins with lives; undefined where it belongs to another machine. */
export function isAlive(name: string): boolean | undefined {
  const [machine, pid, start] = name.split('-');
  return machine === machineIdentity() ? isRunning(Number(pid), start ?? '0') : undefined;
}

/**
 * A new name for something temporary that says who owns it (`machine-pid-start-random`), so that a later run can tell
 * what is in use from what a killed process left behind.
 */
export function ownedName(): string {
  return `${processName()}-${randomBytes(4).toString('hex')}`;
}

/**
 * Makes the folder of a run, with an owned name. The folder is touched every 10 minutes while the run lives, for
 * those who look from another machine and cannot ask about the process.
 */
export async function openRunFolder(tmp: string): Promise<RunFolder> {
  const dir = path.join(tmp, ownedName());
  await makeFolder(dir);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(dir, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();
  let count = 0;
  return {
    dir,
    async workDir() {
      const work = path.join(dir, String(++count));
      await mkdir(work);
      return work;
    },
    async close() {
      clearInterval(heartbeat);
      await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/**
 * Removes what runs left behind that are known to be dead: their process on this machine is gone, or nobody has touched
 * them for 6 hours. Returns how many were removed. What cannot be removed is left for the next time.
 */
export async function removeAbandoned(tmp: string, now: number = Date.now()): Promise<number> {
  const names = await readdir(tmp).catch(() => [] as string[]);
  let removed = 0;
  for (const name of names) {
    const dir = path.join(tmp, name);
    if (!(await isAbandoned(name, dir, now))) continue;
    await rm(dir, { recursive: true, force: true, maxRetries: 3 }).then(
      () => removed++,
      () => undefined,
    );
  }
  return removed;
}

async function isAbandoned(name: string, dir: string, now: number): Promise<boolean> {
  const alive = isAlive(name);
  if (alive !== undefined) return !alive;
  const facts = await stat(dir).catch(() => undefined);
  return facts !== undefined && now - facts.mtimeMs > STALE_MS;
}

/** A process id alone may have been given to someone else since: the start time must agree too, where it is known. */
function isRunning(pid: number, start: string): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return start === '0' || (processStart(pid) ?? start) === start;
}

/** Field 22 of /proc/PID/stat: clock ticks from boot to the start of the process. Undefined where there is no /proc. */
function processStart(pid: number | 'self'): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

let identity: string | undefined;

/**
 * Two processes with the same identity see each other's process ids: same host name, same boot, same process id
 * namespace (containers with one host name do not share the last).
 */
function machineIdentity(): string {
  if (identity === undefined) {
    const read = (get: () => string) => {
      try {
        return get().trim();
      } catch {
        return '';
      }
    };
    const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
    const namespace = read(() => readlinkSync('/proc/self/ns/pid'));
    identity = sha256(`${os.hostname()}\n${boot}\n${namespace}`).slice(0, 12);
  }
  return identity;
}
