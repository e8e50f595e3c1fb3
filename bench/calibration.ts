/**
 * Whether t is Student's t where nothing happens: `node dist/bench/calibration.js`. Simulated noise (white, AR(1),
 * ARMA(1,1), 1/f), models of 24 motion parameters, drifts slower than 128 s and a constant, smooth slow regressors (drawn
 * features convolved with the haemodynamic response), TR 2 s, 100 to 750 volumes. For every noise model: the standard
 * deviation of t as a share of what theory says, and how often |t| passes the limits of p = 0.05 and p = 0.001.
 * The voxels fill a ball, for `ar1_smooth`; a second table has noise whose autocorrelation varies over it, by the width of
 * the smoothing. Seeds are fixed, so the numbers are the same every time.
 */
import { tQuantile } from '../numerics/distributions.js';
import { cosineDrifts } from '../numerics/drift.js';
import { estimatorFor } from '../numerics/glm/estimator.js';
import { run as interestOf } from '../numerics/glm/interest-task.js';
import type { Noise } from '../numerics/glm/model.js';
import { residualise } from '../numerics/glm/residualise.js';
import { run as rhoOf } from '../numerics/glm/rho-task.js';
import { smoothWithin } from '../numerics/glm/smooth-within.js';
import * as spm from '../numerics/glm/spm-task.js';
import { hrf } from '../numerics/hrf.js';
import { orthonormalBasis } from '../numerics/orthonormal.js';
import { smoothVolume } from '../numerics/smooth.js';
import { arma, type Gauss, gaussOf, pinkAndWhite } from './calibration-noise.js';

const [tr, kernels] = [2, 32];
const models: readonly { readonly name: string; readonly noise: Noise; readonly smooth?: number }[] = [
  { name: 'ols', noise: 'ols' },
  { name: 'ar1-nilearn', noise: 'ar1-nilearn' },
  { name: 'ar1, not smoothed', noise: 'ar1' },
  { name: 'ar1', noise: 'ar1', smooth: 8 },
  { name: 'spm', noise: 'spm' },
];

/** A ball in a grid of 3 mm. */
function ballOf(radius: number) {
  const size = 2 * radius + 2;
  const middle = (size - 1) / 2;
  const inside = Array.from({ length: size ** 3 }, (_, i) => i).filter((i) => {
    const place = [i % size, Math.floor(i / size) % size, Math.floor(i / size ** 2)];
    return Math.hypot(...place.map((at) => at - middle)) < radius;
  });
  return { voxels: Int32Array.from(inside), dim: [size, size, size] as const, voxelSize: [3, 3, 3] as const };
}

type Ball = ReturnType<typeof ballOf>;

interface Design {
  readonly time: number;
  readonly rank: number;
  /** Orthonormal rows. */
  readonly nuisance: Float64Array;
  readonly constant: Float64Array;
  readonly drifts: readonly Float64Array[];
  readonly motion: readonly Float64Array[];
  /** [kernel, time], as they are and without the nuisance. */
  readonly columns: Float64Array;
  readonly regressors: Float64Array;
}

async function designOf(gauss: Gauss, time: number): Promise<Design> {
  const constant = new Float64Array(time).fill(1);
  const drifts = cosineDrifts(time, tr, 128);
  const motion = Array.from({ length: 6 }, () => {
    let place = 0;
    const six = Float64Array.from({ length: time }, () => (place = 0.97 * place + gauss()));
    const lagged = Float64Array.from({ length: time }, (_, t) => six[t - 1] ?? 0);
    return [six, lagged, six.map((value) => value ** 2), lagged.map((value) => value ** 2)];
  }).flat();
  const { rows: nuisance, rank } = orthonormalBasis([constant, ...drifts, ...motion], time);
  const response = hrf('spm', tr);
  const features = arma(gauss, kernels, time, 0.5);
  const columns = new Float64Array(kernels * time);
  for (let k = 0; k < kernels; k++) {
    for (let t = 0; t < time; t++) {
      for (let j = 0; j <= t && j < response.length; j++)
        columns[k * time + t]! += response[j]! * features[k * time + t - j]!;
    }
  }
  const { residuals } = await residualise(columns.slice(), nuisance, { count: kernels, time, rank });
  return { time, rank, nuisance, constant, drifts, motion, columns, regressors: residuals };
}

/** What the t of all kernels and voxels are like. */
interface Calibration {
  readonly sd: number;
  readonly share05: number;
  readonly share001: number;
}

async function calibration(
  model: Parameters<typeof estimatorFor>[0],
  bold: Float64Array,
  rho?: Float64Array,
): Promise<Calibration> {
  const voxels = bold.length / model.time;
  const estimate = await estimatorFor(model);
  const limits = [tQuantile(0.025, model.df), tQuantile(0.0005, model.df)] as const;
  let [count, sum, above05, above001] = [0, 0, 0, 0];
  const block = { bold, voxels, firstKernel: 0, kernels, errors: true, ...(rho && { rho }) };
  await estimate(block, ({ effect, se }) => {
    for (let v = 0; v < effect.length; v++) {
      const t = Math.abs(effect[v]! / se[v]!);
      count++;
      sum += t * t;
      if (t > limits[0]) above05++;
      if (t > limits[1]) above001++;
    }
  });
  const theory = Math.sqrt(model.df / (model.df - 2));
  return { sd: Math.sqrt(sum / count) / theory, share05: above05 / count, share001: above001 / count };
}

async function calibrate(
  { noise, smooth = 0 }: { noise: Noise; smooth?: number },
  design: Design,
  series: Float64Array,
  ball: Ball,
): Promise<Calibration | null> {
  const { time, rank, nuisance, regressors } = design;
  if (noise === 'spm') return calibrateSpm(design, series);
  const { residuals } = await residualise(series.slice(), nuisance, { count: series.length / time, time, rank });
  const rho = smooth > 0 ? await smoothedRho(design, residuals, ball, smooth) : undefined;
  return calibration({ noise, df: time - rank - 1, time, kernels, rank, regressors, nuisance }, residuals, rho);
}

/** As steps/glm/smoothed-rho.ts, in this thread. */
async function smoothedRho(
  { time, rank, nuisance, regressors }: Design,
  residuals: Float64Array,
  ball: Ball,
  fwhm: number,
): Promise<Float64Array> {
  const interest = (await interestOf({ regressors, time, spare: time - rank })).rows;
  const basis = Float64Array.from([...nuisance, ...interest]);
  const whole = { basis, rank: basis.length / time, time };
  const { rho } = await rhoOf({ series: residuals.slice(), count: ball.voxels.length, ...whole });
  return smoothWithin(rho, ball.voxels, ball, fwhm);
}

/** As steps/glm/spm-noise.ts, in this thread; null where nothing can be estimated. */
async function calibrateSpm(design: Design, series: Float64Array): Promise<Calibration | null> {
  const { time, constant, drifts, motion, regressors, columns } = design;
  const count = series.length / time;
  const interest = await interestOf({ regressors, time, spare: time - design.rank });
  const further = Array.from({ length: interest.rows.length / time }, (_, i) =>
    interest.rows.subarray(i * time, (i + 1) * time),
  );
  const { rows: basis, rank } = orthonormalBasis([constant, ...drifts, ...motion, ...further], time);
  const whole = { basis, rank, reduced: 1 + drifts.length, df: time - rank + drifts.length };
  const { scatter, pooled } = await spm.scatter({ series: series.slice(), count, time, ...whole });
  if (pooled === 0) return null;
  const flat = (rows: readonly Float64Array[]) => Float64Array.from(rows.flatMap((row) => Array.from(row)));
  const whitening = await spm.whitening({
    scatter: scatter.map((value) => value / pooled),
    ...{ basis, rank, time, filter: flat(drifts), others: flat([constant, ...motion]) },
  });
  if (!whitening.weights) return null;
  const bold = await spm.whiten({ series: series.slice(), count, time, whitening, scale: 1 });
  const own = await spm.whiten({ series: columns.slice(), count: kernels, time, whitening, scale: 1 });
  const errors = await spm.errors({ whitening, regressors: own.residuals, time, perKernel: 1 });
  const model = {
    noise: 'spm' as const,
    df: errors.df[0]!,
    ...{ time, kernels, rank: whitening.rank, nuisance: whitening.nuisance, regressors: own.residuals },
    whitening: Float64Array.from({ length: 2 * kernels }, (_, i) => (i % 2 ? errors.spread : errors.trace)[i >> 1]!),
  };
  return calibration(model, bold.residuals);
}

const cells = (found: Calibration | null) =>
  found ? [found.sd.toFixed(3), (100 * found.share05).toFixed(1), (100 * found.share001).toFixed(2)] : ['-', '-', '-'];

async function noises(): Promise<void> {
  const ball = ballOf(8);
  const voxels = ball.voxels.length;
  const kinds: readonly (readonly [string, (gauss: Gauss, time: number) => Float64Array | Promise<Float64Array>])[] = [
    ['white', (gauss, time) => arma(gauss, voxels, time, 0)],
    ...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6].map(
      (rho) => [`AR(1) ${rho}`, (gauss: Gauss, time: number) => arma(gauss, voxels, time, rho)] as const,
    ),
    ['ARMA(1,1) 0.8, -0.5', (gauss, time) => arma(gauss, voxels, time, 0.8, -0.5)],
    ['1/f and white', (gauss, time) => pinkAndWhite(gauss, voxels, time)],
  ];
  console.log(
    `sd of t as a share of theory, % of |t| above the limit of p = 0.05, % above that of p = 0.001; ${voxels} voxels, ${kernels} regressors\n`,
  );
  console.log(`| T | columns | noise | ${models.map(({ name }) => `${name} | 0.05 | 0.001`).join(' | ')} |`);
  console.log(`|${'---|'.repeat(3 + 3 * models.length)}`);
  for (const time of [100, 163, 300, 750]) {
    const gauss = gaussOf(time);
    for (const [name, draw] of kinds) {
      const design = await designOf(gauss, time);
      const series = await draw(gauss, time);
      const row = [];
      for (const model of models) row.push(...cells(await calibrate(model, design, series, ball)));
      console.log(`| ${[time, design.rank, name, ...row].join(' | ')} |`);
    }
  }
}

/** Noise that is smooth over space, with a rho that varies. */
async function smoothing(): Promise<void> {
  const ball = ballOf(11);
  const { voxels } = ball;
  const count = voxels.length;
  const widths = [0, 4, 6, 8, 10, 15];
  console.log(
    `\nAR(1), rho between 0.1 and 0.5 over ${count} voxels of 3 mm, by the width of the smoothing of rho: sd of t as a share of theory, % of |t| above the limit of p = 0.001\n`,
  );
  console.log(`| T | noise smooth by | rho varies within | ${widths.map((mm) => `${mm} mm | 0.001`).join(' | ')} |`);
  console.log(`|${'---|'.repeat(3 + 2 * widths.length)}`);
  for (const time of [100, 163, 300]) {
    for (const [noiseWidth, rhoWidth] of [
      [0, 12],
      [6, 6],
      [6, 12],
      [6, 30],
    ] as const) {
      const gauss = gaussOf(1000 * time + 10 * rhoWidth + noiseWidth);
      const rho = drawnMap(gauss, ball, rhoWidth).map((value) => Math.min(0.5, Math.max(0.1, 0.3 + 0.1 * value)));
      const design = await designOf(gauss, time);
      const { rank, nuisance, regressors } = design;
      const series = new Float64Array(count * time);
      const value = new Float64Array(count);
      for (let t = -20; t < time; t++) {
        const fresh = drawnMap(gauss, ball, noiseWidth);
        for (let v = 0; v < count; v++) {
          value[v] = rho[v]! * value[v]! + Math.sqrt(1 - rho[v]! ** 2) * fresh[v]!;
          if (t >= 0) series[v * time + t] = value[v]!;
        }
      }
      const { residuals } = await residualise(series, nuisance, { count, time, rank });
      const row = [];
      for (const mm of widths) {
        const known = mm > 0 ? await smoothedRho(design, residuals, ball, mm) : undefined;
        const model = { noise: 'ar1' as const, df: time - rank - 1, time, kernels, rank, regressors, nuisance };
        const found = cells(await calibration(model, residuals, known));
        row.push(found[0], found[2]);
      }
      console.log(`| ${[time, `${noiseWidth} mm`, `${rhoWidth} mm`, ...row].join(' | ')} |`);
    }
  }
}

/** Normal values, smoothed over space and brought to mean 0 and variance 1 [voxel]. */
function drawnMap(gauss: Gauss, { voxels, dim, voxelSize }: Ball, fwhm: number): Float64Array {
  if (fwhm === 0) return Float64Array.from(voxels, gauss);
  const data = Float64Array.from({ length: dim[0] ** 3 }, gauss);
  const volume = smoothVolume({ data, dim, voxelSize, fwhm });
  const values = Float64Array.from(voxels, (offset) => volume[offset]!);
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length);
  return values.map((one) => (one - mean) / sd);
}

await noises();
await smoothing();
