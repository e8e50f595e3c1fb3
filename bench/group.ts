/**
 * The group step over many subjects: `node dist/bench/group.js [--full] [NOISE]`. Subjects of 163 volumes, 70,000 voxels
 * and 31 nuisance columns, as fits on disk. One-sample t over all of them for every kernel: from reading the fits to maps
 * (effect and t, float32) written, in a fresh process. 4 subjects and 576 kernels; with `--full` 29 and 4224 (3 GB of
 * disk).
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Artifact } from '../artifacts/artifact.js';
import { createPool } from '../numerics/pool.js';
import { groupStep } from '../steps/group/index.js';
import { runStep, writeFits } from './fits.js';
import { inFreshProcess, type Measured, measured, peakMB } from './measured.js';

type Figures = Measured & { readonly peakMB: number };

async function child(dir: string, fits: readonly Artifact[]): Promise<Figures> {
  const pool = createPool();
  const time = await measured(() => runStep(groupStep as never, { fits }, dir, pool));
  await pool.close();
  return { ...time, peakMB: peakMB() };
}

async function main(full: boolean, noise: 'ols' | 'ar1-nilearn'): Promise<void> {
  const size = {
    voxels: 70_000,
    time: 163,
    columns: 31,
    noise,
    ...(full ? { subjects: 29, kernels: 4224 } : { subjects: 4, kernels: 576 }),
  };
  console.log(`${os.cpus()[0]?.model}, ${os.availableParallelism()} threads, Node ${process.version}\n`);
  console.log(
    '| noise | subjects | K | s | CPU s | ms per subject and kernel | peak RSS, MB |\n|---|---|---|---|---|---|---|',
  );
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const fits = await writeFits(dir, size);
    const work = path.join(dir, 'maps');
    await mkdir(work);
    const { seconds, cpu, peakMB } = await inFreshProcess<Figures>(
      fileURLToPath(import.meta.url),
      work,
      JSON.stringify(fits),
    );
    const each = (1000 * seconds) / size.subjects / size.kernels;
    console.log(
      `| ${[noise, size.subjects, size.kernels, seconds.toFixed(1), cpu.toFixed(1), each.toFixed(2), peakMB.toFixed(0)].join(' | ')} |`,
    );
  } finally {
    await rm(dir, { recursive: true });
  }
}

const args = process.argv.slice(2);
if (args[0] === '--child') console.log(JSON.stringify(await child(args[1]!, JSON.parse(args[2]!))));
else await main(args.includes('--full'), args.includes('ar1-nilearn') ? 'ar1-nilearn' : 'ols');
