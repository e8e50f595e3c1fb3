/**
 * Permutation: `node dist/bench/permute.js [FLIPS]`. One kernel of 29 subjects, 163 volumes, 70,000 voxels of 61x73x61: the step
 * `permute` in a fresh process, from fits on disk to corrected p on disk, with the largest t and the largest cluster
 * (extent and mass, formed at p = 0.001) of 1,000 sign flips. Then 58 subjects, and 4,000 flips, to see what grows.
 *
 * Alternatives for the first flips, one thread, effects in memory: numpy and scipy.ndimage.label, where there is a `python3`
 * with both, and plain JavaScript loops with a flood fill. The largest t and clusters of each flip must be the same.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Artifact } from '../artifacts/artifact.js';
import { writeFit } from '../artifacts/fit.js';
import { readNpyRows, writeNpy } from '../artifacts/npy.js';
import { tQuantile } from '../numerics/distributions.js';
import { createPool } from '../numerics/pool.js';
import { signFlips } from '../numerics/sign-flips.js';
import { permuteStep } from '../steps/permute/index.js';
import { activation, brainMask, gauss, grid, kernelsOfLayer, smoothNoise } from './brain.js';
import { artifactOf, runStep } from './fits.js';
import { floodFill } from './flood-fill.js';
import { inFreshProcess, type Measured, measured, peakMB } from './measured.js';
import { fromPython } from './python.js';

const [subjects, time, seed, clusterP] = [29, 163, 1, 0.001];
/** Flips that the alternatives get. */
const sample = 40;
const mask = brainMask();
const voxels = mask.voxels.length;

type Nulls = { readonly t: number[]; readonly extent: number[] };
type Figures = Measured & { readonly peakMB: number; readonly nulls: Nulls };

async function child(dir: string, list: string, count: number, permutations: number): Promise<Figures> {
  const fits = (JSON.parse(await readFile(list, 'utf8')) as Artifact[]).slice(0, count);
  const pool = createPool();
  let nullFile = (_: string) => '';
  const params = { permutations, seed, cluster_p: clusterP, inference: ['voxel', 'extent', 'mass'] };
  const taken = await measured(async () => {
    const { maps } = await runStep(permuteStep as never, { fits }, dir, pool, params);
    nullFile = (name) => maps!.files[`null_${name}.npy`]!;
  });
  await pool.close();
  const peak = peakMB();
  const first = async (name: string) => [...(await readNpyRows(nullFile(name), 0, 1)).data].slice(1, sample + 1);
  return { ...taken, peakMB: peak, nulls: { t: await first('t'), extent: await first('extent') } };
}

/** Fits whose effects are smooth over space: noise and a little activation. The noise of the series is the same for all. */
async function writeSubjects(dir: string, count: number): Promise<{ fits: Artifact[]; effects: Float64Array }> {
  const centred = (series: Float64Array) => {
    const mean = series.reduce((sum, value) => sum + value, 0) / series.length;
    return series.map((value) => value - mean);
  };
  const regressor = centred(Float64Array.from({ length: time }, gauss));
  const norm = regressor.reduce((sum, value) => sum + value * value, 0);
  const noise = Float64Array.from({ length: voxels * time }, gauss);
  for (let v = 0; v < voxels; v++) noise.set(centred(noise.subarray(v * time, (v + 1) * time)), v * time);
  const active = activation(mask);
  const effects = new Float64Array(count * voxels);
  const fits: Artifact[] = [];
  for (let s = 0; s < count; s++) {
    const planted = smoothNoise(mask, 8);
    const bold = new Float64Array(voxels * time);
    for (let v = 0; v < voxels; v++) {
      const effect = planted[v]! + 0.4 * active[v]!;
      let product = 0;
      for (let i = 0; i < time; i++) {
        const value = effect * regressor[i]! + noise[((v + 977 * s) % voxels) * time + i]!;
        bold[v * time + i] = value;
        product += value * regressor[i]!;
      }
      effects[s * voxels + v] = product / norm;
    }
    const label = `sub-${String(s + 1).padStart(2, '0')}`;
    await mkdir(path.join(dir, label));
    const fit = await writeFit(path.join(dir, label), {
      ...{ mask, kernels: kernelsOfLayer(1), volumes: time, tr: 2, noise: 'ols', df: time - 2, rank: 1 },
      ...{ bold, regressors: regressor, mean: new Float64Array(voxels) },
      nuisance: new Float64Array(time).fill(1 / Math.sqrt(time)),
    });
    fits.push(artifactOf('fit', fit, label));
  }
  return { fits, effects };
}

function plainLoop(effects: Float64Array, signs: Int8Array, height: number): Nulls {
  const t = new Float32Array(voxels);
  const most: Nulls = { t: [], extent: [] };
  for (let flip = 1; flip <= sample; flip++) {
    let largest = 0;
    for (let v = 0; v < voxels; v++) {
      let [sum, squares] = [0, 0];
      for (let s = 0; s < subjects; s++) sum += signs[flip * subjects + s]! * effects[s * voxels + v]!;
      for (let s = 0; s < subjects; s++) {
        squares += (signs[flip * subjects + s]! * effects[s * voxels + v]! - sum / subjects) ** 2;
      }
      const own = sum / subjects / Math.sqrt(squares / (subjects - 1) / subjects);
      t[v] = own;
      if (own > largest) largest = own;
    }
    most.t.push(largest);
    most.extent.push(Math.max(0, ...floodFill(t, mask.voxels, grid.dim, height)));
  }
  return most;
}

function requireSame(found: Nulls, due: Nulls): void {
  const off = found.t.findIndex((t, flip) => Math.abs(t - due.t[flip]!) > 1e-9 * t);
  if (off >= 0 || found.extent.some((extent, flip) => extent !== due.extent[flip])) {
    throw new Error('flips with other results than the alternative');
  }
}

function row(...cells: (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

async function main(flips: number): Promise<void> {
  console.log(
    `${os.cpus()[0]?.model}, ${os.availableParallelism()} threads, Node ${process.version}, ${voxels} voxels\n`,
  );
  console.log('| | subjects | flips | s | CPU s | ms of CPU per flip | peak RSS, MB |\n|---|---|---|---|---|---|---|');
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const { fits, effects } = await writeSubjects(dir, 2 * subjects);
    // In a file: ONNX Runtime 1.30 crashes in a thread of a process whose command line is longer than some 14 KB.
    const list = path.join(dir, 'fits.json');
    await writeFile(list, JSON.stringify(fits));
    const permute = async (count: number, permutations: number) => {
      const work = await mkdtemp(path.join(dir, 'work-'));
      const given = [work, list, String(count), String(permutations)];
      const taken = await inFreshProcess<Figures>(fileURLToPath(import.meta.url), ...given);
      const { seconds, cpu, peakMB } = taken;
      const each = ((1000 * cpu) / permutations).toFixed(2);
      row('permute', count, permutations, seconds.toFixed(1), cpu.toFixed(1), each, peakMB.toFixed(0));
      return taken.nulls;
    };
    const nulls = await permute(subjects, flips);
    await permute(2 * subjects, flips);
    await permute(subjects, 4 * flips);

    const own = effects.subarray(0, subjects * voxels);
    const { signs } = signFlips(subjects, flips, seed, 'one');
    const height = tQuantile(clusterP, subjects - 1);
    const files = ['effects', 'signs', 'offsets'].map((name) => path.join(dir, `${name}.npy`));
    await writeNpy(files[0]!, [subjects, voxels], own);
    await writeNpy(files[1]!, [sample, subjects], signs.slice(subjects, (sample + 1) * subjects));
    await writeNpy(files[2]!, [voxels], mask.voxels);
    const numpy = fromPython<Nulls & { ms: number; version: string }>('permute-numpy.py', [
      ...[...files, String(height), String(sample)],
    ]);
    if (numpy) requireSame(nulls, numpy);
    row(numpy?.version ?? 'no python3 with numpy and scipy', subjects, sample, '', '', numpy?.ms.toFixed(1) ?? '', '');
    let plain: Nulls = nulls;
    const { cpu } = await measured(async () => {
      plain = plainLoop(own, signs, height);
    });
    requireSame(nulls, plain);
    row('plain loops, flood fill', subjects, sample, '', '', ((1000 * cpu) / sample).toFixed(1), '');
  } finally {
    await rm(dir, { recursive: true });
  }
}

const args = process.argv.slice(2);
if (args[0] === '--child')
  console.log(JSON.stringify(await child(args[1]!, args[2]!, Number(args[3]), Number(args[4]))));
else await main(Number(args[0] ?? 1000));
