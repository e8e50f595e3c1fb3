/**
 * VGG-16 over images of 1280 x 720, all 13 layers at full width: `node dist/bench/extract.js [--movie [COUNT]]`. Seconds per image of
 * each backend, and the share of the machine's single-precision matrix products, measured before and after in the same
 * run. Speeds are those of direct convolution in the same time: where Winograd's algorithm saves multiplications (`onnx`),
 * they may exceed what the machine can do. `--movie` takes as many images as the paper's movie gives (175), or COUNT, through the step itself, from disk to disk.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFrameTable } from '../artifacts/frames.js';
import { appendNpy } from '../artifacts/npy-append.js';
import type { StepContext } from '../engine/step-type.js';
import { createPool } from '../numerics/pool.js';
import type { Statistic } from '../numerics/vgg/layers.js';
import { type Backend, open, frame as runFrame } from '../numerics/vgg/session.js';
import { syntheticVgg } from '../numerics/vgg/synthetic.js';
import type { ExtractParams } from '../steps/extract/index.js';
import { run as extract } from '../steps/extract/run.js';
import { productPeak } from './extract-peak.js';
import { inFreshProcess, type Measured, measured, peakMB } from './measured.js';

const [height, width] = [720, 1280];
const threads = os.availableParallelism();
/** Multiplications and additions of the 13 convolutions by direct convolution, whatever is saved. */
const gigaflops = 564;
const all: readonly Statistic[] = ['mean', 'max', 'sd', 'active'];

interface Figures {
  readonly images: readonly Measured[];
  readonly peakMB: number;
}

function image(number: number): Uint8Array {
  return Uint8Array.from({ length: height * width * 3 }, (_, i) => Math.imul(i + 977 * number, 2654435761) >>> 24);
}

async function images(backend: Backend, statistics: readonly Statistic[], count: number): Promise<Figures> {
  const layers = syntheticVgg(1, 64);
  const statisticsOf = new Set(layers.map(({ name }) => name));
  const graph = {
    layers,
    height,
    width,
    preprocessing: 'torch',
    activation: 'relu',
    statistics,
    statisticsOf,
  } as const;
  await open({ backend, threads, graph });
  const taken: Measured[] = [];
  for (let n = 0; n <= count; n++) {
    const pixels = image(n);
    const one = await measured(() => runFrame(pixels));
    // The first also allocates.
    if (n > 0 || count === 0) taken.push(one);
  }
  return { images: taken, peakMB: peakMB() };
}

/** The step over `count` different images. */
async function movie(count: number): Promise<Figures> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  const files = { 'frames.npy': path.join(dir, 'frames.npy'), 'frames.tsv': path.join(dir, 'frames.tsv') };
  const array = await appendNpy(files['frames.npy'], '|u1', [height, width, 3]);
  for (let n = 0; n < count; n++) await array.append(image(n));
  await array.close();
  const rows = Array.from({ length: count }, (_, frame) => ({ frame, onset: 2 * frame, duration: 2, images: 48 }));
  await writeFrameTable(files['frames.tsv'], rows);
  const made = { digest: '', origin: 'bench', files: {} };
  const weights = { ...made, type: 'weights', meta: { origin: 'synthetic', seed: 1, width: 64, untrained: true } };
  const pool = createPool(1);
  const layers = syntheticVgg(1, 1).map(({ name }) => name);
  const context: StepContext<ExtractParams> = {
    params: {
      layers,
      statistics: ['mean'],
      activation: 'relu',
      preprocessing: 'auto',
      backend: 'onnx',
      device: 'cpu',
    },
    inputs: { frames: { ...made, type: 'frames', files, meta: { window: 2, width, height } }, weights },
    workDir: dir,
    instance: 'extract',
    threads,
    signal: new AbortController().signal,
    pool,
    progress: () => {},
    note: () => {},
  };
  const taken = await measured(() => extract(context));
  await pool.close();
  await rm(dir, { recursive: true });
  return { images: [taken], peakMB: peakMB() };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function main(): Promise<void> {
  const here = fileURLToPath(import.meta.url);
  console.log(`${os.cpus()[0]?.model}, ${threads} threads, Node ${process.version}\n`);
  const sizes = [512, 1024, 2048];
  const peaks = async () => Math.max(...(await peakOf(sizes)));
  const before = await peaks();
  if (process.argv[2] === '--movie') {
    const count = Number(process.argv[3] ?? 175);
    const {
      images: [taken],
      peakMB: rss,
    } = await inFreshProcess<Figures>(here, 'movie', String(count));
    const { seconds, cpu } = taken!;
    const share = (100 * count * gigaflops) / seconds / before;
    console.log(
      `${count} images: ${(seconds / 60).toFixed(2)} min, ${cpu.toFixed(0)} s of CPU, direct-equivalent speed ${share.toFixed(0)} % of products (${before.toFixed(0)} GFLOP/s), peak RSS ${rss.toFixed(0)} MB`,
    );
    return;
  }
  const cases = [
    ['onnx', 'mean', '5'],
    ['onnx', all.join(), '5'],
    ['tfjs', 'mean', '0'],
  ] as const;
  const found: { readonly cells: string; readonly seconds: number; readonly cpu: number; readonly rss: number }[] = [];
  for (const [backend, statistics, count] of cases) {
    const { images: taken, peakMB: rss } = await inFreshProcess<Figures>(here, backend, statistics, count);
    const seconds = median(taken.map((one) => one.seconds));
    const cpu = median(taken.map((one) => one.cpu));
    found.push({ cells: `${backend} | ${statistics}`, seconds, cpu, rss });
  }
  const peak = Math.max(before, await peaks());
  console.log(`single-precision products (512, 1024, 2048 square; fastest): ${peak.toFixed(0)} GFLOP/s\n`);
  console.log(
    '| backend | statistics | s per image | CPU s | direct-equivalent GFLOP/s | of the products | by CPU time | peak RSS, MB |\n|---|---|---|---|---|---|---|---|',
  );
  const percent = (speed: number) => `${((100 * speed) / peak).toFixed(0)} %`;
  for (const { cells, seconds, cpu, rss } of found) {
    const speed = gigaflops / seconds;
    const shares = `${percent(speed)} | ${percent((gigaflops / cpu) * threads)}`;
    console.log(
      `| ${cells} | ${seconds.toFixed(2)} | ${cpu.toFixed(2)} | ${speed.toFixed(0)} | ${shares} | ${rss.toFixed(0)} |`,
    );
  }
}

async function peakOf(sizes: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  for (const size of sizes) found.push(await productPeak(size, threads, 2));
  return found;
}

if (process.argv[2] === '--child') {
  const [what, second, count] = process.argv.slice(3);
  const figures =
    what === 'movie'
      ? await movie(Number(second))
      : await images(what as Backend, second!.split(',') as Statistic[], Number(count));
  process.stdout.write(JSON.stringify(figures));
  process.exit(0);
} else {
  await main();
}
