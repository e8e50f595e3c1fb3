/**
 * The mass-univariate fit of one subject: `node dist/bench/glm.js [NOISE,NOISE]`. T = 163 volumes, V = 70,000 voxels, P = 31 nuisance
 * columns, K = 576 and 4224 kernels, made in the benchmark. Each figure comes from a fresh process whose workers are
 * warm: effect, standard error and t of every kernel at every voxel, from the residualised series in memory.
 * - computed: rounded to float32 in the buffers that they are written from, block by block, and dropped
 * - written: the same, and written to the .npy files of the step `contrast` (in the system's temporary folder)
 * Beside it, in the same run, what the machine's double-precision product does with all threads on large squares, and
 * what plain JavaScript and ml-matrix do.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createNpy } from '../artifacts/npy.js';
import { inBlocks } from '../numerics/blocks.js';
import type { MapsFiles } from '../numerics/glm/maps-files.js';
import type { MapsPayload } from '../numerics/glm/maps-task.js';
import type { FitModel, Noise } from '../numerics/glm/model.js';
import type { Residualised } from '../numerics/glm/residualise.js';
import { orthonormalBasis } from '../numerics/orthonormal.js';
import { createPool, type Pool } from '../numerics/pool.js';
import { toShared } from '../numerics/shared-memory.js';
import { autoregressiveSeries } from './fits.js';
import type { Peak, PeakOptions } from './glm-peak.js';
import { inFreshProcess, type Measured, measured, peakMB } from './measured.js';

const [time, voxels, columns, blockSize] = [163, 70_000, 31, 2048];
const statistics = ['effect', 'se', 't'] as const;
const threads = os.availableParallelism();

interface Figures {
  readonly residualise: number;
  readonly computed: Measured;
  readonly written: Measured;
  readonly peakMB: number;
}

async function child(noise: Noise, kernels: number): Promise<Figures> {
  const pool = createPool(threads);
  const drawn = autoregressiveSeries(columns - 1, time, 0.9);
  const nuisanceColumns = [new Float64Array(time).fill(1)];
  for (let c = 0; c < columns - 1; c++) nuisanceColumns.push(drawn.subarray(c * time, (c + 1) * time));
  const { rows, rank } = orthonormalBasis(nuisanceColumns, time);
  const regressors = await residuals(pool, autoregressiveSeries(kernels, time, 0.8), rows, rank);
  const drawnBold = autoregressiveSeries(voxels, time, 0.3);
  const began = performance.now();
  const bold = await residuals(pool, drawnBold, rows, rank);
  const residualise = (performance.now() - began) / 1000;
  const model: FitModel = {
    key: 'bench',
    noise,
    df: time - rank - 1,
    time,
    kernels,
    rank,
    regressors: toShared(regressors),
    nuisance: toShared(rows),
    ...(noise === 'ar1' && { rhoKnown: true }),
  };
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    await allMaps(pool, model, bold, threads * 2 * blockSize, {});
    const computed = await measured(() => allMaps(pool, model, bold, voxels, {}));
    const written = await measured(async () => {
      const arrays = await Promise.all(
        statistics.map((statistic) => createNpy(path.join(dir, `${statistic}.npy`), [kernels, voxels], '<f4')),
      );
      const files = statistics.map((name, i) => [name, { file: arrays[i]!.file, offset: arrays[i]!.offset }]);
      await allMaps(pool, model, bold, voxels, Object.fromEntries(files));
      for (const array of arrays) await array.close();
    });
    return { residualise, computed, written, peakMB: peakMB() };
  } finally {
    await rm(dir, { recursive: true });
    await pool.close();
  }
}

async function residuals(
  pool: Pool,
  all: Float64Array<ArrayBuffer>,
  nuisance: Float64Array,
  rank: number,
): Promise<Float64Array<ArrayBuffer>> {
  await inBlocks(
    { total: all.length / time, size: 4096, ahead: threads + 1 },
    (first, end) => {
      const payload = { series: all.slice(first * time, end * time), nuisance, count: end - first, time, rank };
      return pool.run<Residualised>('glm.residualise', payload, { transfer: [payload.series.buffer as ArrayBuffer] });
    },
    (block, first) => all.set(block.residuals, first * time),
  );
  return all;
}

async function allMaps(
  pool: Pool,
  model: FitModel,
  bold: Float64Array<ArrayBuffer>,
  total: number,
  files: MapsFiles['files'],
): Promise<void> {
  await inBlocks(
    { total, size: blockSize, ahead: threads + 1 },
    (first, end) => {
      const block = bold.slice(first * time, end * time);
      const payload: MapsPayload = {
        model,
        bold: block,
        voxels: end - first,
        statistics,
        dtype: 'float32',
        // As the step `glm` leaves it: one rho per voxel, in hundredths that spread over some thirty values.
        ...(model.rhoKnown && { rho: Float64Array.from({ length: end - first }, (_, v) => 0.15 + (v % 31) / 100) }),
        into: { files, columns: voxels, firstColumn: first },
      };
      return pool.run('glm.maps', payload, { transfer: [block.buffer] });
    },
    () => {},
  );
}

/** GFLOP/s of `count` threads together. */
async function rate(way: PeakOptions['way'], count: number): Promise<Peak> {
  const peaks = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Peak>((resolve, reject) => {
          const workerData: PeakOptions = { way, seconds: 3 };
          const worker = new Worker(new URL('./glm-peak.js', import.meta.url), { workerData });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  const sum = (of: (peak: Peak) => number) => peaks.reduce((total, peak) => total + of(peak), 0);
  return { perSecond: sum((peak) => peak.perSecond), perCpuSecond: sum((peak) => peak.perCpuSecond) / count };
}

async function main(): Promise<void> {
  console.log(`${os.cpus()[0]?.model}, ${threads} threads, Node ${process.version}`);
  const one = await rate('onnxruntime', 1);
  const peak = await rate('onnxruntime', threads);
  const plain = await rate('loop', 1);
  const mlMatrix = await rate('ml-matrix', 1);
  const times = (other: Peak) => (one.perCpuSecond / other.perCpuSecond).toFixed(0);
  console.log(
    `double-precision products, 1024 x 1024: ${peak.perSecond.toFixed(0)} GFLOP/s with ${threads} threads, ${one.perSecond.toFixed(0)} with one (${one.perCpuSecond.toFixed(0)} per CPU second)`,
  );
  console.log(
    `one thread of a plain loop: ${plain.perCpuSecond.toFixed(2)} GFLOP per CPU second (${times(plain)} times slower), of ml-matrix: ${mlMatrix.perCpuSecond.toFixed(2)} (${times(mlMatrix)} times)\n`,
  );
  console.log(
    `T = ${time}, V = ${voxels}, P = ${columns}. Share of peak: of products alone, by wall time and by CPU time\n\n| noise | K | maps | s | CPU s | ms per model | GFLOP/s of products | share of peak | by CPU time | residualise BOLD, s | peak RSS, MB |\n|---|---|---|---|---|---|---|---|---|---|---|`,
  );
  const asked = process.argv[2]?.split(',') ?? ['ols', 'ar1-nilearn', 'ar1'];
  for (const noise of asked as Noise[]) {
    for (const kernels of [576, 4224]) {
      const here = fileURLToPath(import.meta.url);
      const { computed, written, residualise, peakMB } = await inFreshProcess<Figures>(here, noise, String(kernels));
      // x'y, and x'Sy where every pair has its rho; the other work is not counted.
      const flops = (noise === 'ar1-nilearn' ? 2 : 1) * 2 * time * kernels * voxels;
      for (const [maps, { seconds, cpu }] of Object.entries({ computed, written })) {
        const cells = [noise, kernels, maps, seconds.toFixed(2), cpu.toFixed(2)];
        const speed = flops / seconds / 1e9;
        const more = [((seconds / kernels) * 1000).toFixed(2), speed.toFixed(0)];
        const shares = [speed / peak.perSecond, flops / cpu / 1e9 / one.perCpuSecond].map(
          (share) => `${(100 * share).toFixed(0)} %`,
        );
        console.log(`| ${[...cells, ...more, ...shares, residualise.toFixed(2), peakMB.toFixed(0)].join(' | ')} |`);
      }
    }
  }
}

if (process.argv[2] === '--child') {
  console.log(JSON.stringify(await child(process.argv[3] as Noise, Number(process.argv[4]))));
} else await main();
