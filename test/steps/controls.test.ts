import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type RegressorsData, writeRegressors } from '../../artifacts/regressors.js';
import { readSeries, writeSeries } from '../../artifacts/series.js';
import { controlsStep } from '../../steps/controls/index.js';
import { joinStep } from '../../steps/join/index.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';

async function regressorsOf(name: string, values: number[], more: Partial<RegressorsData> = {}) {
  const data = { values: Float64Array.from(values), volumes: values.length, tr: 2, model: 'spm', ...more };
  const kernels = [{ name, layer: name, kernel: 1 }];
  return madeArtifact('regressors', await writeRegressors(await newFolder('regressors'), { ...data, kernels }), name);
}

async function confoundsOf(...lines: string[]) {
  const file = path.join(await newFolder('confounds'), 'confounds.tsv');
  await writeFile(file, `${lines.join('\n').replaceAll(' ', '\t')}\n`);
  return madeArtifact(
    'confounds',
    { files: { 'confounds.tsv': file }, meta: { components: { CSF: ['c'] } } },
    'table.tsv',
  );
}

describe('the step controls', () => {
  const table = () => confoundsOf('trans_x csf', '0.1 n/a', '0.2 5', '0.3 6', '0.4 7');
  const controls = async (inputs: Record<string, unknown>, params = {}) => {
    const { outputs } = await runStep(controlsStep, inputs as never, params);
    const { files, meta } = outputs.confounds!;
    return { text: await readFile(files['confounds.tsv']!, 'utf8'), meta };
  };

  test('adds a column for every regressor, and keeps what is known of the table', async () => {
    const regressors = [
      await regressorsOf('luminance', [1, 2, 3, 4], { aligned: true }),
      await regressorsOf('motion', [5, 6, 7, 8.25], { aligned: true }),
    ];
    const { text, meta } = await controls({ confounds: await table(), regressors });
    expect(text.split('\n')).toEqual([
      'trans_x\tcsf\tluminance\tmotion',
      '0.1\tn/a\t1\t5',
      '0.2\t5\t2\t6',
      '0.3\t6\t3\t7',
      '0.4\t7\t4\t8.25',
      '',
    ]);
    expect(meta).toEqual({ components: { CSF: ['c'] } });
  });

  test('regressors that begin with the first volume that is kept have nothing before it', async () => {
    const regressors = [await regressorsOf('luminance', [1, 2, 3])];
    const params = { drop: 2, samples: 2 };
    const { text } = await controls({ confounds: await table(), regressors }, params);
    expect(
      text
        .split('\n')
        .slice(1, 5)
        .map((line) => line.split('\t')[2]),
    ).toEqual(['n/a', 'n/a', '1', '2']);
    expect((await controls({ regressors }, { drop: 1 })).text).toBe('luminance\nn/a\n1\n2\n3\n');
  });

  test('lengths that do not fit, and names that are taken, are errors', async () => {
    const confounds = await table();
    const one = [await regressorsOf('luminance', [1, 2, 3])];
    await expect(controls({ confounds, regressors: one })).rejects.toThrow(
      /4 rows of confounds, luminance has 3 values per regressor[\s\S]*align/,
    );
    await expect(controls({ confounds, regressors: one }, { samples: 4 })).rejects.toThrow(
      /"samples" is 4, but .* 3 values/,
    );
    const aligned = [await regressorsOf('luminance', [1, 2, 3], { aligned: true })];
    await expect(controls({ confounds, regressors: aligned })).rejects.toThrow(/each of 3 volumes, table\.tsv for 4/);
    const taken = [await regressorsOf('csf', [1, 2, 3, 4], { aligned: true })];
    await expect(controls({ confounds, regressors: taken })).rejects.toThrow(/a regressor csf, and there is a column/);
  });
});

describe('the step join', () => {
  async function seriesOf(names: string[], layer: string, values: number[], interval = 2) {
    const kernels = names.map((name, n) => ({ name, layer, kernel: n + 1 }));
    const samples = values.length / names.length;
    const data = { values: Float64Array.from(values), samples, kernels, interval, untrained: layer === 'conv1_1' };
    return madeArtifact('series', await writeSeries(await newFolder('series'), data), `steps.${layer}`);
  }

  test('puts series side by side', async () => {
    const series = [
      await seriesOf(['conv1_1/k1', 'conv1_1/k2'], 'conv1_1', [1, 2, 3, 4]),
      await seriesOf(['luminance'], 'luminance', [9, 8]),
    ];
    const { outputs } = await runStep(joinStep, { series });
    const joined = await readSeries(outputs.series!);
    expect(joined).toMatchObject({ samples: 2, interval: 2, untrained: true });
    expect([...joined.values]).toEqual([1, 2, 9, 3, 4, 8]);
    expect(joined.kernels.map(({ name, layer }) => [name, layer])).toEqual([
      ['conv1_1/k1', 'conv1_1'],
      ['conv1_1/k2', 'conv1_1'],
      ['luminance', 'luminance'],
    ]);
  });

  test('refuses other samples, other intervals, and names that are taken', async () => {
    const first = await seriesOf(['a'], 'A', [1, 2, 3]);
    const join = (...others: Awaited<ReturnType<typeof seriesOf>>[]) =>
      runStep(joinStep, { series: [first, ...others] });
    await expect(join(await seriesOf(['b'], 'B', [1, 2]))).rejects.toThrow(
      /steps\.A has 3 samples of 2 s, steps\.B has 2 of 2 s/,
    );
    await expect(join(await seriesOf(['b'], 'B', [1, 2, 3], 1))).rejects.toThrow(/3 samples of 2 s, .* 3 of 1 s/);
    await expect(join(await seriesOf(['a'], 'B', [1, 2, 3]))).rejects.toThrow(/both have the column a/);
    await expect(join(await seriesOf(['b'], 'A', [1, 2, 3]))).rejects.toThrow(/both have the layer A/);
  });
});
