import { readFileSync } from 'node:fs';
import os from 'node:os';
import { packageVersion, voxreelVersion } from '../engine/version.js';

/** Instruction sets by which native code chooses its kernels. */
const FEATURES =
  /^(sse4_1|sse4_2|avx|f16c|fma|avx2|avx_vnni|avx512\w+|amx_\w+|neon|asimd|asimddp|asimdhp|sve\w*|i8mm|bf16|fphp)$/;

/** Packages whose version may change a number. */
const PACKAGES = ['onnxruntime-node', 'ml-matrix', '@resvg/resvg-js', 'fast-png', '@ffmpeg-installer/ffmpeg'];

/** What computed the results: nothing here is part of a key, all of it may move last digits. */
export type Environment = Readonly<Record<string, string>>;

/** What is here, in the order in which lock files list it. */
export function environment(): Environment {
  const libraries = PACKAGES.map((name) => [name, packageVersion(name)] as const).filter(
    ([, version]) => version !== undefined,
  );
  return {
    voxreel: voxreelVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    'cpu features': cpuFeatures(),
    ...(Object.fromEntries(libraries) as Record<string, string>),
  };
}

/** What decides which kernels run. Where it is equal, results are expected to be identical. */
export function sameKernels(a: Environment, b: Environment): boolean {
  return ['platform', 'cpu features', 'onnxruntime-node', 'voxreel', '@ffmpeg-installer/ffmpeg'].every(
    (name) => a[name] === b[name],
  );
}

export interface Drift {
  readonly name: string;
  readonly locked: string;
  readonly now: string;
}

/** Entries that differ. */
export function driftBetween(locked: Environment, now: Environment): Drift[] {
  const names = [...new Set([...Object.keys(locked), ...Object.keys(now)])];
  return names
    .filter((name) => locked[name] !== now[name])
    .map((name) => ({ name, locked: locked[name] ?? 'absent', now: now[name] ?? 'absent' }));
}

/** Instruction sets of the processor, as Linux reports them; elsewhere the architecture has to do. */
export function cpuFeatures(): string {
  try {
    const text = readFileSync('/proc/cpuinfo', 'utf8');
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(/\s+/) ?? [];
    return flags
      .filter((flag) => FEATURES.test(flag))
      .sort()
      .join(' ');
  } catch {
    return `of ${process.arch}`;
  }
}
