/**
 * How cost grows: `node dist/bench/growth.js`. Voxels, kernels, volumes and subjects, each doubled twice while the others
 * stay, for the maps of one subject (step `contrast`: effect, se, t) and the test over subjects (step `group`), OLS, from
 * fits on disk to maps on disk. Each line is a fresh process that has done the same once before.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Artifact } from '../artifacts/artifact.js';
import { createPool } from '../numerics/pool.js';
import { contrastStep } from '../steps/contrast/index.js';
import { groupStep } from '../steps/group/index.js';
import { runStep, writeFits } from './fits.js';
import { inFreshProcess, type Measured, measured, peakMB } from './measured.js';

const start = { voxels: 16_000, kernels: 1024, time: 128, subjects: 3 };
type Dimension = keyof typeof start;
const symbols: Record<Dimension, string> = { voxels: 'V', kernels: 'K', time: 'T', subjects: 'subjects' };

type Figures = Measured & { readonly peakMB: number };

async function child(step: string, dir: string, fits: readonly Artifact[]): Promise<Figures> {
  const pool = createPool();
  const work = () =>
    step === 'contrast'
      ? runStep(contrastStep as never, { fit: fits[0]! }, dir, pool)
      : runStep(groupStep as never, { fits }, dir, pool);
  await work();
  const time = await measured(work);
  await pool.close();
  return { ...time, peakMB: peakMB() };
}

async function once(step: string, size: typeof start): Promise<Figures> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const fits = await writeFits(dir, { ...size, columns: 31, noise: 'ols' });
    const maps = path.join(dir, 'maps');
    await mkdir(maps);
    return await inFreshProcess<Figures>(fileURLToPath(import.meta.url), step, maps, JSON.stringify(fits));
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function main(): Promise<void> {
  console.log(`${os.cpus()[0]?.model}, ${os.availableParallelism()} threads, Node ${process.version}`);
  console.log(
    `where a column says nothing else: V = ${start.voxels}, K = ${start.kernels}, T = ${start.time}, ${start.subjects} subjects\n`,
  );
  console.log('| step | | s | CPU s | CPU of the first | peak RSS, MB |\n|---|---|---|---|---|---|');
  const dimensions: Record<string, Dimension[]> = {
    contrast: ['voxels', 'kernels', 'time'],
    group: ['voxels', 'kernels', 'time', 'subjects'],
  };
  for (const [step, grown] of Object.entries(dimensions)) {
    const first = await once(step, start);
    const line = (what: string, { seconds, cpu, peakMB }: Figures) => {
      const cells = [step, what, seconds.toFixed(2), cpu.toFixed(2), (cpu / first.cpu).toFixed(2), peakMB.toFixed(0)];
      console.log(`| ${cells.join(' | ')} |`);
    };
    line('as above', first);
    for (const dimension of grown) {
      for (const factor of [2, 4]) {
        const size = { ...start, [dimension]: start[dimension] * factor };
        line(`${symbols[dimension]} = ${size[dimension]}`, await once(step, size));
      }
    }
  }
}

const [flag, step, dir, fits] = process.argv.slice(2);
if (flag === '--child') console.log(JSON.stringify(await child(step!, dir!, JSON.parse(fits!))));
else await main();
