import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeFrameTable } from '../../artifacts/frames.js';
import { writeNpy } from '../../artifacts/npy.js';
import { readSeries } from '../../artifacts/series.js';
import { type AnnotationsParams, annotationsStep } from '../../steps/annotations/index.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';

async function tableOf(...lines: string[]) {
  const file = path.join(await newFolder('annotations'), 'table.tsv');
  await writeFile(file, `${lines.join('\n').replaceAll(' ', '\t')}\n`);
  return madeArtifact('table', { files: { 'table.tsv': file } }, 'faces.tsv');
}

async function annotate(lines: string[], params: Partial<AnnotationsParams> = {}, more = {}) {
  const inputs = { table: await tableOf(...lines), ...more };
  const { outputs, notes } = await runStep(annotationsStep, inputs, params);
  const { kernels, values, samples, interval } = await readSeries(outputs.series!);
  const columns = Object.fromEntries(
    kernels.map(({ name }, k) => [name, Array.from({ length: samples }, (_, n) => values[n * kernels.length + k]!)]),
  );
  return { columns, kernels, interval, notes };
}

const faces = [
  'onset duration label value',
  '1 2 face 1',
  '2 3 face 2', // overlaps by 1 s
  '4.5 0.5 word 3',
  '4.8 n/a word 1',
  '-1 1.5 face 1', // ends at 0.5
  '3 1 n/a n/a',
];

describe('the step annotations', () => {
  test('gives the share of each window in which something is there', async () => {
    const { columns, kernels, interval, notes } = await annotate(faces, { window: 2, duration: 6 });
    expect(interval).toBe(2);
    expect(kernels.map(({ name, layer, kernel }) => [name, layer, kernel])).toEqual([
      ['face', 'annotations', 1],
      ['word', 'annotations', 2],
    ]);
    // There from 0 to 0.5 and from 1 to 5.
    expect(columns.face).toEqual([0.75, 1, 0.5]);
    expect(columns.word).toEqual([0, 0, 0.25]);
    expect(notes).toEqual(['1 of 6 lines have no label; left out']);
  });

  test('gives how many there are at a time, or the sum of their values', async () => {
    const count = await annotate(faces, { window: 2, duration: 6, measure: 'sum' });
    expect(count.columns.face).toEqual([(0.5 + 1) / 2, (1 + 2) / 2, 0.5]);
    const weighted = await annotate(faces, { window: 2, duration: 6, measure: 'sum', value: 'value' });
    expect(weighted.columns.face).toEqual([(0.5 + 1) / 2, (1 + 4) / 2, 1]);
    expect(weighted.columns.word).toEqual([0, 0, 0.75]);
  });

  test('counts what begins in each window, also instants, and at the edges by decimals', async () => {
    const lines = ['onset duration label', ...[0.6, 2.2, 2.3, 2.4].map((onset) => `${onset} n/a word`)];
    const { columns } = await annotate(lines, { window: 0.2, duration: 2.6, measure: 'onsets' });
    expect(columns.word).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1]);
  });

  test('has the windows of pictures, from `start` on', async () => {
    const dir = await newFolder('frames');
    const [npy, tsv] = [path.join(dir, 'frames.npy'), path.join(dir, 'frames.tsv')];
    await writeNpy(npy, [2, 1, 1, 3], new Uint8Array(6));
    await writeFrameTable(
      tsv,
      [0, 1].map((frame) => ({ frame, onset: 3 * frame, duration: 3, images: 1 })),
    );
    const files = { 'frames.npy': npy, 'frames.tsv': tsv };
    const frames = madeArtifact('frames', { files, meta: { window: 3, width: 1, height: 1 } });
    const { columns, interval, notes } = await annotate(
      ['onset duration label', '4 3 face', '20 1 face'],
      { start: 3 },
      { frames },
    );
    expect(interval).toBe(3);
    expect(columns.face).toEqual([2 / 3, 1 / 3]);
    expect(notes).toEqual(['1 of 2 lines lie before the first window or after the last']);
  });

  test('takes the labels that are named, in their order; one that is never there is 0', async () => {
    const { columns, kernels, notes } = await annotate(faces, { duration: 6, labels: ['word', 'hand'] });
    expect(kernels.map(({ name }) => name)).toEqual(['word', 'hand']);
    expect(columns.hand).toEqual([0, 0, 0]);
    expect(notes).toContain('never in the table, so 0 throughout: hand');
    await expect(annotate(faces, { duration: 6, labels: ['hand'] })).rejects.toThrow(
      /none of the labels hand[\s\S]*face, word/,
    );
  });

  test('needs a value only of lines that count: not of other labels, and not of instants', async () => {
    const lines = ['onset duration label value', '0 2 face 3', '1 1 word n/a', '2 n/a face n/a'];
    const params = { duration: 4, measure: 'sum', value: 'value' } as const;
    expect((await annotate(lines, { ...params, labels: ['face'] })).columns.face).toEqual([3, 0]);
    await expect(annotate(lines, params)).rejects.toThrow(/faces\.tsv:3.*without value/);
  });

  test('says what is wrong with a table, at its line', async () => {
    await expect(annotate(faces)).rejects.toThrow(/how long the movie is[\s\S]*"duration"/);
    await expect(annotate(['onset duration kind', '1 2 x'], { duration: 4 })).rejects.toThrow(/no column "label"/);
    await expect(annotate(['onset duration label', 'n/a 2 x'], { duration: 4 })).rejects.toThrow(
      /faces\.tsv:2.*without onset/,
    );
    await expect(annotate(['onset duration label', '1 -2 x'], { duration: 4 })).rejects.toThrow(/duration below 0/);
    const lacking = ['onset duration label score', '1 2 x n/a'];
    await expect(annotate(lacking, { duration: 4, measure: 'sum', value: 'score' })).rejects.toThrow(
      /a line without score/,
    );
    await expect(annotate(['onset duration label'], { duration: 4 })).rejects.toThrow(/no labels/);
    expect(annotationsStep.checkParams!({ label: 'label', measure: 'presence', start: 0, value: 'x' })).toHaveLength(1);
  });
});
