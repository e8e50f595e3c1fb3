/**
 * The mass-univariate fit of one subject: `node dist/bench/glm.js`. T = 163 volumes, V = 70,000 voxels, P = 31 nuisance
 * columns, K = 576 and 4224 kernels, made in the benchmark. Each figure comes from a fresh process whose workers are
 * warm: effect, standard error and t (float32) of every kernel at every voxel, handed over block by block and dropped.
 * Beside it, in the same run, what the machine's double-precision product does with all threads on large squares, and
 * what plain JavaScript and ml-matrix do.
 */
import { execFile } from 'node:child_process';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { inBlocks } from '../numerics/blocks.js';
import type { MapsPayload } from '../numerics/glm/maps-task.js';
import type { FitModel, Noise } from '../numerics/glm/model.js';
import type { Residualised } from '../numerics/glm/residualise.js';
import { orthonormalBasis } from '../numerics/orthonormal.js';
import { createPool, type Pool } from '../numerics/pool.js';
import { toShared } from '../numerics/shared-memory.js';

const [time, voxels, columns, blockSize] = [163, 70_000, 31, 1024];
const threads = os.availableParallelism();

interface Figures {
  readonly residualise: number;
  readonly seconds: number;
  /** Of all threads, s: tells a busy machine from slow code. */
  readonly cpu: number;
  readonly rssMB: number;
}

/** AR(1) series [series, time] of unit variance. */
function series(count: number, rho: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(count * time);
  const innovation = Math.sqrt(1 - rho * rho);
  for (let i = 0; i < out.length; i++) {
    const gauss = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    out[i] = i % time === 0 ? gauss : rho * out[i - 1]! + innovation * gauss;
  }
  return out;
}

async function child(noise: Noise, kernels: number): Promise<Figures> {
  const pool = createPool(threads);
  const drawn = series(columns - 1, 0.9);
  const nuisanceColumns = [new Float64Array(time).fill(1)];
  for (let c = 0; c < columns - 1; c++) nuisanceColumns.push(drawn.subarray(c * time, (c + 1) * time));
  const { rows, rank } = orthonormalBasis(nuisanceColumns, time);
  const regressors = await residuals(pool, series(kernels, 0.8), rows, rank);
  const drawnBold = series(voxels, 0.3);
  const began = performance.now();
  const bold = await residuals(pool, drawnBold, rows, rank);
  const residualise = (performance.now() - began) / 1000;
  const model: FitModel = {
    noise,
    df: time - rank - 1,
    time,
    kernels,
    rank,
    regressors: toShared(regressors),
    nuisance: toShared(rows),
  };
  await allMaps(pool, model, bold, threads * 2 * blockSize);
  const start = performance.now();
  const used = process.cpuUsage();
  await allMaps(pool, model, bold, voxels);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(used);
  await pool.close();
  return { residualise, seconds, cpu: (user + system) / 1e6, rssMB: process.resourceUsage().maxRSS / 1024 };
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

async function allMaps(pool: Pool, model: FitModel, bold: Float64Array<ArrayBuffer>, total: number): Promise<void> {
  await inBlocks(
    { total, size: blockSize, ahead: threads + 1 },
    (first, end) => {
      const block = bold.slice(first * time, end * time);
      const payload: MapsPayload = {
        model,
        bold: block,
        voxels: end - first,
        statistics: ['effect', 'se', 't'],
        dtype: 'float32',
      };
      return pool.run('glm.maps', payload, { transfer: [block.buffer] });
    },
    () => {},
  );
}

/** GFLOP/s of all threads together. */
async function rate(way: 'onnxruntime' | 'ml-matrix' | 'loop', count: number): Promise<number> {
  const rates = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<number>((resolve, reject) => {
          const worker = new Worker(new URL('./glm-peak.js', import.meta.url), { workerData: { way, seconds: 3 } });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  return rates.reduce((sum, one) => sum + one, 0);
}

async function main(): Promise<void> {
  console.log(`${os.cpus()[0]?.model}, ${threads} threads, Node ${process.version}`);
  const peak = await rate('onnxruntime', threads);
  const one = await rate('onnxruntime', 1);
  const plain = await rate('loop', 1);
  const mlMatrix = await rate('ml-matrix', 1);
  console.log(
    `double-precision products, 1024 x 1024: ${peak.toFixed(0)} GFLOP/s with ${threads} threads, ${one.toFixed(0)} with one`,
  );
  console.log(
    `one thread of a plain loop: ${plain.toFixed(2)} GFLOP/s (${(one / plain).toFixed(0)} times slower), of ml-matrix: ${mlMatrix.toFixed(2)} (${(one / mlMatrix).toFixed(0)} times)\n`,
  );
  console.log(
    `T = ${time}, V = ${voxels}, P = ${columns}\n\n| noise | K | s | CPU s | ms per model | GFLOP/s of products | share of peak | residualise BOLD, s | peak RSS, MB |\n|---|---|---|---|---|---|---|---|---|`,
  );
  for (const noise of ['ols', 'ar1-nilearn'] as const) {
    for (const kernels of [576, 4224]) {
      const here = fileURLToPath(import.meta.url);
      const { stdout } = await promisify(execFile)(process.execPath, [here, '--child', noise, String(kernels)]);
      const { seconds, cpu, residualise, rssMB } = JSON.parse(stdout) as Figures;
      // x'y, and x'Sy where there is autocorrelation; the other work is not counted.
      const products = noise === 'ols' ? 1 : 2;
      const speed = (products * 2 * time * kernels * voxels) / seconds / 1e9;
      const cells = [
        noise,
        kernels,
        seconds.toFixed(2),
        cpu.toFixed(2),
        ((seconds / kernels) * 1000).toFixed(2),
        speed.toFixed(0),
      ];
      const more = [`${((100 * speed) / peak).toFixed(0)} %`, residualise.toFixed(2), rssMB.toFixed(0)];
      console.log(`| ${[...cells, ...more].join(' | ')} |`);
    }
  }
}

if (process.argv[2] === '--child') {
  console.log(JSON.stringify(await child(process.argv[3] as Noise, Number(process.argv[4]))));
} else await main();
