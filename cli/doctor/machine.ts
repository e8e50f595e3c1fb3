import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { defaultMemoryMB } from '../../engine/session.js';
import { packageDir } from '../package-files.js';
import { bytes } from '../terminal/text.js';
import { type Finding, finding } from './finding.js';

/** The step `glm` declares so much; with less, steps wait for each other or the system kills the run. */
const LITTLE_MEMORY = 1024 ** 3;

export const checkNode = (): Promise<Finding> =>
  finding('node', async () => {
    const { engines } = JSON.parse(readFileSync(path.join(packageDir(), 'package.json'), 'utf8'));
    const wanted = String(engines.node).replace('>=', '');
    const found = process.versions.node;
    const facts = { version: found, needed: wanted, platform: process.platform, arch: process.arch };
    const text = `${found} on ${process.platform} ${process.arch}`;
    if (compareVersions(found, wanted) >= 0) return { state: 'ok', found: `${text} (${wanted} or later)`, facts };
    return { state: 'problem', found: `${text} is too old`, hint: `Install Node.js ${wanted} or later.`, facts };
  });

export const checkThreads = (): Promise<Finding> =>
  finding('threads', async () => {
    const usable = os.availableParallelism();
    const machine = os.cpus().length;
    const quota = cpuQuota();
    const facts = { usable, machine, ...(quota === undefined ? {} : { quota }) };
    const found = `${usable} of ${machine} cores${quota === undefined ? '' : `, of whose time this container gets ${quota}`}`;
    if (quota === undefined || quota >= usable) return { state: 'ok', found, facts };
    return {
      state: 'warning',
      found,
      hint: `Run with --cores ${Math.max(1, Math.floor(quota))}: more threads than the container may use wait for each other.`,
      facts,
    };
  });

export const checkMemory = (): Promise<Finding> =>
  finding('memory', async () => {
    const machine = os.totalmem();
    const limit = process.constrainedMemory();
    const available = process.availableMemory();
    const limited = limit > 0 && limit < machine;
    const forSteps = defaultMemoryMB() * 2 ** 20;
    const facts = { machine, available, forSteps, ...(limited ? { limit } : {}) };
    const found = `${bytes(machine)}${limited ? `, of which this container gets ${bytes(limit)}` : ''}; ${bytes(available)} free now; a run plans with ${bytes(forSteps)}`;
    if (Math.min(available, forSteps) >= LITTLE_MEMORY) return { state: 'ok', found, facts };
    return {
      state: 'warning',
      found,
      hint: 'A model of a whole brain takes about 1 GB: end other programs, raise the limit of the container, or run with --jobs 1.',
      facts,
    };
  });

/** Cores' worth of time that control groups allow this process, the tightest of them; undefined without a limit. */
function cpuQuota(): number | undefined {
  const own = /^0::(.*)$/m.exec(text('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  const quotas: number[] = [];
  for (let group = own; ; group = path.posix.dirname(group)) {
    const [quota, period] = (text(path.join('/sys/fs/cgroup', group, 'cpu.max')) ?? '').trim().split(' ').map(Number);
    if (quota! > 0 && period! > 0) quotas.push(quota! / period!);
    if (group === '/' || !group.startsWith('/')) break;
  }
  // Control groups of version 1, in older containers.
  const quota = Number(text('/sys/fs/cgroup/cpu/cpu.cfs_quota_us') ?? -1);
  const period = Number(text('/sys/fs/cgroup/cpu/cpu.cfs_period_us') ?? 0);
  if (quota > 0 && period > 0) quotas.push(quota / period);
  return quotas.length === 0 ? undefined : Math.round(Math.min(...quotas) * 10) / 10;
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Of numbers with dots; what is not there counts as 0. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string) => version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
