import { describe, expect, it } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { readMaps } from '../../artifacts/maps.js';
import { readNpy } from '../../artifacts/npy.js';
import { readTable } from '../../artifacts/table.js';
import type { StepType } from '../../engine/step-type.js';
import { combineStep } from '../../steps/combine/index.js';
import { groupStep } from '../../steps/group/index.js';
import { permuteStep } from '../../steps/permute/index.js';
import { residualsStep } from '../../steps/residuals/index.js';
import { otherPrograms } from '../support/other-programs.js';
import { runStep } from '../support/run-step.js';
import { effectMaps, participantsTable } from '../support/subject-effects.js';
import { fitsOf } from '../support/synthetic-fits.js';

const { group, fixed_effects: fixed, permutations, residuals } = otherPrograms;

/** Both programs work in double precision; sums in another order cost some digits where a covariate is large. */
const tolerance = 1e-11;

function expectEqual(found: ArrayLike<number>, due: readonly number[]): void {
  expect(found.length).toBe(due.length);
  due.forEach((value, i) => {
    expect(Math.abs(found[i]! - value) / Math.abs(value)).toBeLessThan(tolerance);
  });
}

async function mapsOf(step: StepType, inputs: Record<string, Artifact | Artifact[]>, params: Record<string, unknown>) {
  const { outputs } = await runStep(step, inputs, { dtype: 'float64', ...params });
  const maps = await readMaps(outputs.maps!);
  const read: Record<string, ArrayLike<number>> = {};
  for (const name of Object.keys(maps.statistics)) read[name] = await maps.readRows(name, 0, 1);
  return read as Record<'effect' | 'se' | 't' | 'p' | 'df' | 'F', ArrayLike<number>>;
}

/** scipy's p is of both sides, ours of the upper one. */
function expectP(found: ArrayLike<number>, { t, p_twosided: due }: { t: number[]; p_twosided: number[] }): void {
  const positive = t.flatMap((value, v) => (value > 0 ? [v] : []));
  expect(positive.length).toBeGreaterThan(0);
  expectEqual(
    positive.map((v) => 2 * found[v]!),
    positive.map((v) => due[v]!),
  );
}

describe('group against scipy and statsmodels', () => {
  const diagnosis = group.patients.map((patient) => (patient ? 'patient' : 'control'));
  const participants = () => participantsTable({ diagnosis, age: group.age, score: group.score });
  const inputs = async () => ({ fits: await effectMaps(group.effects), participants: await participants() });
  const groups = { group: 'diagnosis', groups: ['patient', 'control'] };

  it('two samples, one variance: scipy ttest_ind', async () => {
    const params = { design: 'two-sample', ...groups, statistics: ['t', 'p'] };
    const { t, p } = await mapsOf(groupStep, await inputs(), params);
    expectEqual(t, group.two_sample.t);
    expectP(p, group.two_sample);
  });

  it('two samples, Welch: scipy ttest_ind(equal_var=False)', async () => {
    const params = { design: 'two-sample-welch', ...groups, statistics: ['t', 'p', 'df'] };
    const { t, p, df } = await mapsOf(groupStep, await inputs(), params);
    expectEqual(t, group.welch.t);
    expectEqual(df, group.welch.df);
    expectP(p, group.welch);
  });

  it('pairs: scipy ttest_rel', async () => {
    const pairs = { fits: await effectMaps(group.effects), against: await effectMaps(group.second) };
    const { t, p } = await mapsOf(groupStep, pairs, { design: 'paired', statistics: ['t', 'p'] });
    expectEqual(t, group.paired.t);
    expectP(p, group.paired);
  });

  it('regression with two centred covariates: statsmodels OLS, slope, intercept and F of both', async () => {
    const design = { design: 'regression', covariates: ['age', 'score'], statistics: ['effect', 'se', 't', 'p'] };
    const slope = await mapsOf(groupStep, await inputs(), { ...design, contrast: 'age' });
    expectEqual(slope.effect, group.regression.effect);
    expectEqual(slope.se, group.regression.se);
    expectEqual(slope.t, group.regression.t);
    expectP(slope.p, group.regression);
    const mean = await mapsOf(groupStep, await inputs(), { ...design, contrast: 'mean' });
    expectEqual(mean.effect, group.regression.mean);
    expectEqual(mean.se, group.regression.mean_se);
    const f = { ...design, statistics: ['F', 'p'], contrast: { F: ['age', 'score'] } };
    const both = await mapsOf(groupStep, await inputs(), f);
    expectEqual(both.F, group.F.F);
    expectEqual(both.p, group.F.p);
  });

  it('two samples with a covariate: statsmodels OLS', async () => {
    const params = { design: 'two-sample', ...groups, covariates: ['age'], statistics: ['effect', 'se', 't'] };
    const found = await mapsOf(groupStep, await inputs(), params);
    for (const name of ['effect', 'se', 't'] as const) expectEqual(found[name], group.two_sample_covariate[name]);
  });
});

describe('combine against statsmodels combine_effects', () => {
  it('weighs runs by their precision', async () => {
    const fits = await effectMaps(fixed.effect, { se: fixed.se, of: 'sub-01' });
    const { effect, se } = await mapsOf(combineStep, { fits }, { runs: 'precision', statistics: ['effect', 'se'] });
    expectEqual(effect, fixed.precision.effect);
    expectEqual(se, fixed.precision.se);
  });
});

describe('permute against scipy permutation_test', () => {
  const diagnosis = permutations.effects.map((_, s) => (s < 4 ? 'patient' : 'control'));
  it.each([
    ['one_sample', {}, 256],
    ['two_sample', { design: 'two-sample', group: 'diagnosis', groups: ['patient', 'control'] }, 70],
  ] as const)('%s: the largest t of all rearrangements, and corrected p', async (name, design, count) => {
    const due = permutations[name];
    const fits = await effectMaps(permutations.effects);
    const inputs = { fits, ...('group' in design && { participants: await participantsTable({ diagnosis }) }) };
    const { outputs } = await runStep(permuteStep, inputs, { ...design, inference: ['voxel'] });
    const maps = await readMaps(outputs.maps!);
    expectEqual(await maps.readRows('t', 0, 1), due.t);
    const { data } = await readNpy(outputs.maps!.files['null_t.npy']!);
    expect(data.length).toBe(count);
    expectEqual(Float64Array.from(data as Float64Array).sort(), due.maxima);
    expect(Array.from(await maps.readRows('p_fwe', 0, 1))).toEqual(due.p_fwe);
  });
});

describe('residuals against statsmodels and scipy', () => {
  it.each([0, 1])('Durbin-Watson, lag-1 autocorrelation and periodogram of OLS residuals, case %i', async (index) => {
    const { series, nuisance, kernel, ...due } = residuals[index]!;
    const series64 = (values: number[]) => Float64Array.from(values);
    const study = {
      time: series.length,
      kernels: [series64(kernel)],
      subjects: [{ voxels: [series64(series)], nuisance: nuisance.map(series64) }],
    };
    const [fit] = await fitsOf(study, 'ols');
    const { outputs } = await runStep(residualsStep, { fit: fit! });
    const { rows, columns } = await readTable(outputs.summary!.files['table.tsv']!);
    const value = (name: string) => Number(rows[0]![columns.indexOf(name)]);
    expectEqual([value('durbin_watson'), value('lag1')], [due.durbin_watson, due.lag1]);
    const spectrum = await readTable(outputs.periodogram!.files['table.tsv']!);
    const power = spectrum.rows.map((row) => Number(row[spectrum.columns.indexOf('power')]));
    expectEqual(power, due.power);
  });
});
