/**
 * How often a null finds something where nothing is: `node dist/bench/surrogates.js`. Simulated brains of independent voxels,
 * slow regressors (drawn features convolved with the haemodynamic response), TR 2 s, 163 volumes, drifts and a constant as
 * nuisance. A find is a brain with any voxel at a corrected p of 0.05: by Student's t and Bonferroni, by sign flips of the
 * subjects, and by surrogates (phases, shifts). Groups have what films bring along, a slow response of every voxel that all
 * subjects share and that has nothing to do with the regressor; single subjects have autocorrelated noise only. The last
 * rows have an effect in 1 % of the voxels: what is then found. Seeds are fixed.
 */
import { pOfT } from '../numerics/distributions.js';
import { cosineDrifts } from '../numerics/drift.js';
import type { FitModel, Noise } from '../numerics/glm/model.js';
import { residualise } from '../numerics/glm/residualise.js';
import { hrf } from '../numerics/hrf.js';
import { intervalOfP, maxStatisticP, sortedNull } from '../numerics/max-statistic.js';
import { orthonormalBasis } from '../numerics/orthonormal.js';
import { oneSampleModel, rearrangedRows, toNullResiduals } from '../numerics/permutation-model.js';
import { run as permute } from '../numerics/permutation-task.js';
import { signFlips } from '../numerics/sign-flips.js';
import { circularShifts, phaseSurrogates, type Surrogates } from '../numerics/surrogates.js';
import { run as testSurrogates } from '../numerics/surrogates-task.js';
import { arma, type Gauss, gaussOf, pinkAndWhite } from './calibration-noise.js';

const [tr, time, voxels, level] = [2, 163, 200, 0.05];
const runs = Number(process.argv[2] ?? 500);
const count = 200;

interface Case {
  readonly name: string;
  readonly subjects: number;
  readonly noise: Noise;
  /** Standard deviation of the response that all subjects share; that of the noise is 1. */
  readonly shared: number;
  readonly effect: number;
  readonly draw: (gauss: Gauss) => Float64Array | Promise<Float64Array>;
}

const ar = (rho: number) => (gauss: Gauss) => arma(gauss, voxels, time, rho);
const pink = (gauss: Gauss) => pinkAndWhite(gauss, voxels, time);
const cases: readonly Case[] = [
  { name: '12 subjects, AR(1) 0.4', subjects: 12, noise: 'ols', shared: 0, effect: 0, draw: ar(0.4) },
  {
    name: '12 subjects, AR(1) 0.4, shared response',
    subjects: 12,
    noise: 'ols',
    shared: 0.5,
    effect: 0,
    draw: ar(0.4),
  },
  {
    name: '12 subjects, AR(1) 0.4, shared response',
    subjects: 12,
    noise: 'ar1',
    shared: 0.5,
    effect: 0,
    draw: ar(0.4),
  },
  { name: '1 subject, AR(1) 0.4', subjects: 1, noise: 'ols', shared: 0, effect: 0, draw: ar(0.4) },
  { name: '1 subject, AR(1) 0.6', subjects: 1, noise: 'ar1', shared: 0, effect: 0, draw: ar(0.6) },
  { name: '1 subject, 1/f and white', subjects: 1, noise: 'ols', shared: 0, effect: 0, draw: pink },
  { name: '1 subject, 1/f and white', subjects: 1, noise: 'ar1', shared: 0, effect: 0, draw: pink },
  { name: '12 subjects, shared response, effect', subjects: 12, noise: 'ols', shared: 0.5, effect: 0.5, draw: ar(0.4) },
  { name: '1 subject, AR(1) 0.4, effect', subjects: 1, noise: 'ar1', shared: 0, effect: 0.8, draw: ar(0.4) },
];

const response = hrf('spm', tr);
const { rows: nuisance, rank } = orthonormalBasis(
  [new Float64Array(time).fill(1), ...cosineDrifts(time, tr, 128)],
  time,
);

/** Drawn features convolved with the haemodynamic response, each of variance 1 [series, time]. */
function slow(gauss: Gauss, series: number): Float64Array {
  const lead = response.length;
  const features = arma(gauss, series, time + lead, 0.5);
  const out = new Float64Array(series * time);
  for (let i = 0; i < series; i++) {
    for (let t = 0; t < time; t++) {
      for (let j = 0; j < lead; j++) out[i * time + t]! += response[j]! * features[i * (time + lead) + lead + t - j]!;
    }
    const row = out.subarray(i * time, (i + 1) * time);
    const mean = row.reduce((sum, value) => sum + value, 0) / time;
    const sd = Math.sqrt(row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / time);
    for (let t = 0; t < time; t++) row[t] = (row[t]! - mean) / sd;
  }
  return out;
}

/** Series of every subject [voxel, time], free of the nuisance. */
async function drawn({ subjects, shared, effect, draw }: Case, gauss: Gauss, kernel: Float64Array) {
  const response = slow(gauss, voxels);
  const bold: Float64Array[] = [];
  for (let s = 0; s < subjects; s++) {
    const series = Float64Array.from(await draw(gauss));
    series.forEach((_, i) => {
      series[i]! += shared * response[i]! + (i < 0.01 * voxels * time ? effect * kernel[i % time]! : 0);
    });
    bold.push((await residualise(series, nuisance, { count: voxels, time, rank })).residuals);
  }
  return bold;
}

async function bySurrogates(noise: Noise, kernel: Float64Array, bold: readonly Float64Array[], made: Surrogates) {
  const rows = await made.of(kernel);
  const { residuals } = await residualise(rows, nuisance, { count: made.count, time, rank });
  const model: FitModel = {
    ...{ noise, df: time - rank - 1, time, rank, nuisance },
    kernels: made.count,
    regressors: residuals,
  };
  const subjects = bold.map((series) => ({ runs: [{ model, bold: series }] }));
  const size = { observed: 1, count: made.count, voxels };
  const how = { test: { kind: 'one-sample' }, weighting: 'mean', sides: 'one' } as const;
  return testSurrogates({ subjects, ...size, ...how });
}

/** Effects of the subjects by least squares [voxel, subject]: those of `ols`. */
async function bySigns(kernel: Float64Array, bold: readonly Float64Array[], t: Float64Array): Promise<Float64Array> {
  const x = (await residualise(kernel.slice(), nuisance, { count: 1, time, rank })).residuals;
  const effects = new Float64Array(voxels * bold.length);
  bold.forEach((series, s) => {
    for (let v = 0; v < voxels; v++) {
      for (let i = 0; i < time; i++) effects[v * bold.length + s]! += x[i]! * series[v * time + i]!;
    }
  });
  const model = oneSampleModel(bold.length);
  const { signs, count: flips } = signFlips(bold.length, 1000, 1, 'one');
  const block = await permute({
    data: toNullResiduals(effects, model, t),
    subjects: bold.length,
    weights: rearrangedRows(model, { kind: 'signs', signs }, 0, flips),
    permutations: flips,
    nuisance: 0,
    beyond: new Float64Array(voxels).fill(Number.NaN),
    rule: { sides: 'one', df: model.df },
    dim: [voxels, 1, 1],
    voxels: Int32Array.from({ length: voxels }, (_, v) => v),
    connectivity: 6,
  });
  return block.t;
}

async function measure(one: Case, seed: number): Promise<string> {
  const gauss = gaussOf(seed);
  const finds = { bonferroni: 0, signs: 0, phases: 0, shifts: 0 };
  const df = one.subjects > 1 ? one.subjects - 1 : time - rank - 1;
  for (let i = 0; i < runs; i++) {
    const kernel = slow(gauss, 1);
    const bold = await drawn(one, gauss, kernel);
    const phases = await bySurrogates(one.noise, kernel, bold, phaseSurrogates(time, count, seed + i));
    const shifts = await bySurrogates(one.noise, kernel, bold, circularShifts(time, count, 1));
    const found = (maxima: Float64Array) => maxStatisticP(sortedNull(maxima), maxima[0]!) <= level;
    if (pOfT(phases.maxima[0]!, df) * voxels <= level) finds.bonferroni++;
    if (found(phases.maxima)) finds.phases++;
    if (found(shifts.maxima)) finds.shifts++;
    if (one.subjects > 1 && one.noise === 'ols' && found(await bySigns(kernel, bold, phases.t))) finds.signs++;
  }
  const cell = (hits: number) => {
    // The interval of a share of drawn brains: one more is counted as the identity is, which was not drawn.
    const [low, high] = intervalOfP((hits + 1) / (runs + 1), runs + 1, false);
    return `${((100 * hits) / runs).toFixed(1)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
  };
  const signs = one.subjects > 1 && one.noise === 'ols' ? cell(finds.signs) : '-';
  return `| ${one.name} | \`${one.noise}\` | ${cell(finds.bonferroni)} | ${signs} | ${cell(finds.phases)} | ${cell(finds.shifts)} |`;
}

console.log(
  `% of ${runs} brains of ${voxels} voxels with a find at a corrected p of ${level} (95 % interval); ${count} surrogates\n`,
);
console.log('| data | noise model | t, Bonferroni | sign flips | surrogates: phases | surrogates: shifts |');
console.log(`|${' --- |'.repeat(6)}`);
for (const [i, one] of cases.entries()) console.log(await measure(one, 100 * (i + 1)));
