import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAligned } from '../../artifacts/aligned.js';
import type { Artifact } from '../../artifacts/artifact.js';
import { readRegressors } from '../../artifacts/regressors.js';
import { writeSeries } from '../../artifacts/series.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { alignStep } from '../../steps/align/index.js';
import { volumesUsed } from '../../steps/glm/time-axis.js';
import { hrfStep } from '../../steps/hrf/index.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(1);
});
afterAll(() => pool.close());

/** Series of one kernel. */
async function seriesOf(values: number[], { interval = 2, label, kernel = 'a/k1' }: Partial<SeriesOptions> = {}) {
  const kernels = [{ name: kernel, layer: 'a', kernel: 1 }];
  const data = { values: Float64Array.from(values), samples: values.length, kernels, interval };
  return madeArtifact('series', await writeSeries(await newFolder('series'), data), 'steps.series', label);
}
interface SeriesOptions {
  readonly interval: number;
  readonly label: string;
  readonly kernel: string;
}

async function eventsOf(...rows: string[]): Promise<Artifact> {
  const file = path.join(await newFolder('events'), 'events.tsv');
  await writeFile(file, `${rows.join('\n').replaceAll(' ', '\t')}\n`);
  return madeArtifact('events', { files: { 'events.tsv': file } }, 'sub-01_events.tsv');
}

const scan = { tr: 2, volumes: 20 };

async function align(series: Artifact[], events: Artifact | null, params: Record<string, unknown> = {}) {
  const inputs = { series, ...(events && { events }) };
  const { outputs, notes } = await runStep(alignStep, inputs, { ...scan, ...params });
  return { aligned: await readAligned(outputs.aligned!), artifact: outputs.aligned!, notes };
}

const ramp = (length: number) => Array.from({ length }, (_, n) => n + 1);

describe('the step align', () => {
  test('places one series by its onset', async () => {
    const { aligned, notes } = await align([await seriesOf(ramp(8))], null, { onset: 3.7 });
    expect(aligned).toMatchObject({ tr: 2, volumes: 20, interval: 2, samples: 8 });
    expect(aligned.parts).toEqual([{ movie: null, onset: 3.7, duration: 16, start: 0, first: 0, samples: 8 }]);
    expect(notes).toEqual([]);
  });

  test('finds the movies of a scan by their names, in the order in which they were shown', async () => {
    const names = ['part1', 'part2', 'part3'];
    const series = await Promise.all(names.map((label, n) => seriesOf(ramp(4 + n), { label })));
    const events = await eventsOf(
      'onset duration trial_type stim_file',
      '0 4 rest n/a',
      '18.25 12 movie stimuli/part3.mp4',
      '4.5 8 movie stimuli/part1.mp4',
      '35 0 button n/a',
    );
    const { aligned, notes } = await align(series, events);
    expect(aligned.parts).toEqual([
      { movie: 'part1', onset: 4.5, duration: 8, start: 0, first: 0, samples: 4 },
      { movie: 'part3', onset: 18.25, duration: 12, start: 0, first: 4, samples: 6 },
    ]);
    // part2 was not shown, so its samples are not there.
    expect([...aligned.values]).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 5, 6]);
    expect(notes).toEqual(['2 other rows of the events play no part: rest, button']);
  });

  test('a single series is found by `event`, or in a table of one row', async () => {
    const series = [await seriesOf(ramp(4))];
    const rows = ['onset duration trial_type', '2 2 fixation', '6.1 8 film', '20 8 film'];
    const { aligned } = await align(series, await eventsOf(...rows), { event: 'film' });
    expect(aligned.parts.map(({ onset, first }) => [onset, first])).toEqual([
      [6.1, 0],
      [20, 0],
    ]);
    expect((await align(series, await eventsOf('onset duration', '6.1 n/a'))).aligned.parts[0]!.duration).toBe(8);
    await expect(align(series, await eventsOf(...rows))).rejects.toThrow(
      /3 rows, and nothing says which[\s\S]*fixation, film[\s\S]*event: NAME/,
    );
    await expect(align(series, await eventsOf(...rows), { event: 'movie' })).rejects.toThrow(
      /no row of sub-01_events\.tsv is called movie[\s\S]*fixation, film/,
    );
  });

  test('a showing may begin inside the movie', async () => {
    const events = await eventsOf('onset duration movie start', '0 8 film 0', '10 6 film 8');
    const { aligned } = await align([await seriesOf(ramp(7), { label: 'film' })], events, { durations: 'table' });
    expect(aligned.parts.map(({ onset, duration, start }) => [onset, duration, start])).toEqual([
      [0, 8, 0],
      [10, 6, 8],
    ]);
  });

  test('a length that is not that of the series is an error that names both, unless it is said what it means', async () => {
    const series = [await seriesOf(ramp(8))];
    const stopped = await eventsOf('onset duration', '2 11.9');
    await expect(align(series, stopped)).rejects.toThrow(
      /lasts 16 s, but was shown for 11\.9 s \(sub-01_events.tsv, line 2\)[\s\S]*durations: table/,
    );
    expect((await align(series, stopped, { durations: 'table' })).aligned.parts[0]!.duration).toBe(11.9);
    expect((await align(series, stopped, { durations: 'series' })).aligned.parts[0]!.duration).toBe(16);
    const longer = await eventsOf('onset duration', '2 18.1');
    await expect(align(series, longer, { durations: 'table' })).rejects.toThrow(
      /lasts 16 s, but was shown for 18\.1 s/,
    );
    // The last window of a movie may be shorter than the others.
    const nearly = await eventsOf('onset duration', '2 14.4');
    expect((await align(series, nearly)).aligned.parts[0]!.duration).toBe(14.4);
    const after = await eventsOf('onset duration movie start', '2 n/a film 16');
    await expect(align(series, after)).rejects.toThrow(/lasts 16 s, but was started at 16 s/);
  });

  test('a movie outside of the scan, or two at a time, are errors; one that outlasts the scan is noted', async () => {
    const series = [await seriesOf(ramp(8))];
    await expect(align(series, null, { onset: 40 })).rejects.toThrow(/from 40 s to 56 s[\s\S]*20 volumes of 2 s, 40 s/);
    await expect(align(series, null, { onset: -16 })).rejects.toThrow(/outside of the scan/);
    const { notes } = await align(series, null, { onset: 31 });
    expect(notes).toEqual(['steps.series goes on for 7 s after the scan ("onset"; 20 volumes of 2 s, 40 s)']);
    const events = await eventsOf('onset duration', '0 16', '10 16');
    await expect(align([await seriesOf(ramp(8), { label: 'x' })], events, { event: 'n/a' })).rejects.toThrow(/no row/);
    const named = await eventsOf('onset duration movie', '0 16 x', '10 16 x');
    await expect(align([await seriesOf(ramp(8), { label: 'x' })], named)).rejects.toThrow(
      /x is shown until 16 s \(sub-01_events.tsv, line 2\), x from 10 s on \(sub-01_events.tsv, line 3\)/,
    );
  });

  test('what is wired must be enough, and not too much', async () => {
    const one = [await seriesOf(ramp(8))];
    const events = await eventsOf('onset duration', '2 16');
    await expect(align(one, null)).rejects.toThrow(
      /nothing says when the movie was shown[\s\S]*events: the folder|"events"/,
    );
    await expect(align(one, events, { onset: 2 })).rejects.toThrow(/"onset" is 2 s, and events are wired/);
    await expect(runStep(alignStep, { series: one }, { onset: 2 })).rejects.toThrow(/how long the scan is/);
    await expect(align([one[0]!, one[0]!], events)).rejects.toThrow(/2 series are wired, and number 1 has no name/);
    await expect(align(one, events, { names: ['a', 'b'] })).rejects.toThrow(/2 names for 1 series/);
    const other = await seriesOf(ramp(8), { interval: 1, label: 'b' });
    const both = await eventsOf('onset duration movie', '0 16 a', '18 8 b');
    await expect(align([await seriesOf(ramp(8), { label: 'a' }), other], both)).rejects.toThrow(
      /a sample every 2 s, .* every 1 s/,
    );
    const strange = await seriesOf(ramp(4), { label: 'b', kernel: 'b/k1' });
    await expect(align([await seriesOf(ramp(8), { label: 'a' }), strange], both)).rejects.toThrow(
      /other kernels: 1 and 1, the first that differs is b\/k1/,
    );
    expect(alignStep.checkParams!({ durations: 'match', tr: 2 })[0]!.message).toBe('"tr" without "volumes"');
    expect(alignStep.checkParams!({ durations: 'match', onset: 2, event: 'x' })).toHaveLength(1);
  });
});

describe('aligned series', () => {
  const hrfOf = async (series: Artifact, params: Record<string, unknown> = {}) => {
    const { outputs } = await runStep(hrfStep, { series }, params, { pool });
    return readRegressors(outputs.regressors!);
  };

  test('give a value for every volume; at an onset of three volumes they are the plain ones, three volumes later', async () => {
    const series = await seriesOf([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]);
    const plain = await hrfOf(series);
    const { artifact } = await align([series], null, { onset: 6 });
    const aligned = await hrfOf(artifact);
    expect(aligned).toMatchObject({ volumes: 20, tr: 2, aligned: true });
    expect(plain.aligned).toBeUndefined();
    expect([...aligned.values.subarray(3, 13)]).toEqual([...plain.values]);
    expect([...aligned.values.subarray(0, 3)]).toEqual([0, 0, 0]);
    // After the movie the response fades.
    expect(aligned.values[14]!).toBeGreaterThan(0.5);
  });

  test('`outside: mean` takes the kernel’s mean for the time without movie, weighted by what is shown', async () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3];
    const { artifact } = await align([await seriesOf(values)], null, { onset: 5.3 });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [zero, asMean] = [await hrfOf(artifact), await hrfOf(artifact, { outside: 'mean' })];
    const centred = await align([await seriesOf(values.map((value) => value - mean))], null, { onset: 5.3 });
    const due = (await hrfOf(centred.artifact)).values;
    asMean.values.forEach((value, n) => {
      expect(Math.abs(value - due[n]! - mean)).toBeLessThan(1e-12);
    });
    expect(asMean.values[0]).toBeCloseTo(mean, 12);
    expect(zero.values[0]).toBe(0);
    // Stopped after two of four samples, the others do not count.
    const events = await eventsOf('onset duration', '0 4');
    const stopped = await align([await seriesOf([1, 3, 50, 50])], events, { durations: 'table' });
    expect((await hrfOf(stopped.artifact, { outside: 'mean' })).values[19]).toBeCloseTo(2, 12);
  });

  test('have the TR of their scan: another is an error naming both', async () => {
    const { artifact } = await align([await seriesOf(ramp(8))], null, { onset: 2 });
    await expect(hrfOf(artifact, { tr: 1.5 })).rejects.toThrow(/"tr" is 1\.5 s, but the scan of .* a TR of 2 s/);
  });
});

describe('glm on aligned regressors', () => {
  const regressors = { volumes: 20, tr: 2, aligned: true, origin: 'steps.regressors' };
  const bold = { volumes: 20, tr: 2, origin: 'bold.nii.gz' };

  test('drops volumes and values alike', () => {
    expect(volumesUsed(bold, regressors, { drop: 5 })).toEqual({ count: 15, first: 5 });
    expect(volumesUsed(bold, regressors, { drop: 5, samples: 9 })).toEqual({ count: 9, first: 5 });
    expect(volumesUsed(bold, { ...regressors, volumes: 15, aligned: false }, { drop: 5 })).toEqual({
      count: 15,
      first: 0,
    });
  });

  test('refuses a scan of another length, naming both, and what cannot be dropped', () => {
    expect(() => volumesUsed({ ...bold, volumes: 21 }, regressors, { drop: 1 })).toThrow(
      /bold\.nii\.gz has 21 volumes, steps\.regressors was aligned to a scan of 20/,
    );
    expect(() => volumesUsed(bold, regressors, { drop: 20 })).toThrow(/"drop" is 20/);
    expect(() => volumesUsed(bold, regressors, { drop: 5, samples: 16 })).toThrow(/"samples" is 16[\s\S]*15 volumes/);
  });
});
