import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { decode } from 'fast-png';
import { beforeEach, describe, expect, it } from 'vitest';
import { activationsType, readActivations, readStatistic, writeActivations } from '../../artifacts/activations.js';
import type { Artifact, ArtifactType, Produced, PublishedFile } from '../../artifacts/artifact.js';
import { boldType } from '../../artifacts/bold.js';
import { descriptionType } from '../../artifacts/description.js';
import { figuresType } from '../../artifacts/figures.js';
import { fitType, readFit, writeFit } from '../../artifacts/fit.js';
import { framesType, readFrames, writeFrameTable } from '../../artifacts/frames.js';
import { makeGrid, readImage, readImageHeader, writeImage } from '../../artifacts/image.js';
import { imageType, maskType } from '../../artifacts/image-types.js';
import { createMaps, mapsType, readMaps, writeMaps } from '../../artifacts/maps.js';
import type { Mask } from '../../artifacts/mask.js';
import { writeMask } from '../../artifacts/mask.js';
import { readNpy, writeNpy } from '../../artifacts/npy.js';
import { fileType, tableType } from '../../artifacts/plain-types.js';
import { readRegressors, regressorsType, writeRegressors } from '../../artifacts/regressors.js';
import { reversalType } from '../../artifacts/reversal.js';
import { readSelection, selectionType } from '../../artifacts/selection.js';
import { readSeries, seriesType, writeSeries } from '../../artifacts/series.js';
import { readTable, writeTable } from '../../artifacts/table.js';
import { readThresholded, thresholdedType } from '../../artifacts/thresholded.js';
import { tempFolder } from '../support/folders.js';
import { writeThresholded } from '../support/small-thresholded.js';

const folder = tempFolder();
let work = '';
let out = '';

beforeEach(async () => {
  await mkdir(folder.path, { recursive: true });
  work = await mkdtemp(folder.at('work-'));
  out = await mkdtemp(folder.at('out-'));
});

const grid = makeGrid([2, 2, 2], [3, 0, 0, -90, 0, 3, 0, -126, 0, 0, 3, -72, 0, 0, 0, 1], 4);
const mask: Mask = { grid, voxels: Int32Array.of(1, 4, 6) };
const kernels = [
  { name: 'conv1_1/k1', layer: 'conv1_1', kernel: 1, status: 'fitted' },
  { name: 'conv1_1/k2', layer: 'conv1_1', kernel: 2, status: 'constant' },
];

function artifact(type: ArtifactType, produced: Produced): Artifact {
  return { type: type.name, digest: '', meta: {}, origin: `steps.${type.name}`, ...produced };
}

/** Checks and publishes; the files by name, each of which must exist and say what it is. */
async function publish(type: ArtifactType, produced: Produced, stem = 'group'): Promise<Map<string, PublishedFile>> {
  await type.check?.(produced);
  const files = await type.publish!(artifact(type, produced), { dir: out, stem });
  for (const file of files) {
    expect((await readFile(file.path)).length).toBeGreaterThan(0);
    expect(file.description).toMatch(/\.$/);
    expect(path.relative(out, file.path).startsWith(`${stem}_`)).toBe(true);
    if (produced.meta?.untrained) {
      expect(file.facts).toMatchObject({ Untrained: true });
      expect(file.description).toContain('UNTRAINED');
    }
  }
  return new Map(files.map((file) => [path.relative(out, file.path), file]));
}

describe('maps', () => {
  const facts = {
    kind: 'group',
    statistics: { t: { units: '1', df: 7 }, effect: { units: 'BOLD units per unit of regressor' } },
    rows: kernels,
    mask,
    df: 7,
    n: 8,
  } as const;

  it('become one 4D image per statistic, with intent, degrees of freedom and the table of rows', async () => {
    const maps = { t: Float32Array.of(1, 2, 3, 4, 5, 6), effect: Float32Array.of(7, 8, 9, 10, 11, 12) };
    const produced = await writeMaps(work, { ...facts, maps, untrained: true });
    const files = await publish(mapsType, produced);
    expect([...files.keys()]).toEqual([
      'group_stat-t_statmap.nii.gz',
      'group_stat-effect_statmap.nii.gz',
      'group_rows.tsv',
    ]);
    const { header, data } = await readImage(path.join(out, 'group_stat-t_statmap.nii.gz'));
    expect(header).toMatchObject({ volumes: 2, intent: { code: 3, name: 't' }, tr: null });
    expect(header.intent.parameters[0]).toBe(7);
    expect(header.description).toBe('voxreel: UNTRAINED, t statistic, group');
    expect([...data]).toEqual([0, 1, 0, 0, 2, 0, 3, 0, 0, 4, 0, 0, 5, 0, 6, 0]);
    expect(files.get('group_stat-t_statmap.nii.gz')).toMatchObject({
      units: '1',
      facts: { DegreesOfFreedom: 7, Subjects: 8 },
    });
    const effect = await readImageHeader(path.join(out, 'group_stat-effect_statmap.nii.gz'));
    expect(effect.intent.code).toBe(1001);
    const rows = await readTable(path.join(out, 'group_rows.tsv'));
    expect(rows.rows[1]).toEqual(['1', 'conv1_1/k2', 'conv1_1', '2', 'constant']);
  });

  it('of probabilities become one 3D image per layer and difference', async () => {
    const rows = ['conv1_1', 'my-layer', 'my-layer-conv1_1'].map((name) => ({ name, layer: name, kernel: 0 }));
    const produced = await writeMaps(work, {
      kind: 'probability',
      statistics: { probability: { units: 'share of kernels' } },
      rows,
      mask,
      more: { differences: [['my-layer', 'conv1_1']] },
      maps: { probability: Float64Array.of(0.5, 0, 1, 0.25, 0, 0, -0.25, 0, -1) },
    });
    const files = await publish(mapsType, produced, 'probability');
    expect([...files.keys()]).toEqual([
      'probability_layer-conv1_1_probmap.nii.gz',
      'probability_layer-my-layer_probmap.nii.gz',
      'probability_layer-my-layer-minus-conv1_1_diffmap.nii.gz',
    ]);
    const { header, data } = await readImage(path.join(out, 'probability_layer-my-layer-minus-conv1_1_diffmap.nii.gz'));
    expect(header.dimensions).toBe(3);
    expect([...data]).toEqual([0, -0.25, 0, 0, 0, 0, -1, 0]);
  });

  it('are written in blocks of voxels and read by rows', async () => {
    const writer = await createMaps(work, { ...facts, statistics: { t: { units: '1' } } }, '<f8');
    await writer.arrays.t!.writeBlock(0, 1, 2, Float64Array.of(2, 3, 5, 6));
    await writer.arrays.t!.writeBlock(0, 0, 1, Float64Array.of(1, 4));
    const maps = await readMaps(
      artifact(mapsType, await writer.finish({ rows: [kernels[0]!, { ...kernels[1]!, status: 'fitted' }] })),
    );
    expect(maps).toMatchObject({ kind: 'group', df: 7, n: 8, voxels: 3 });
    expect([...(await maps.readRows('t', 1, 2))]).toEqual([4, 5, 6]);
    expect(maps.rows[1]!.status).toBe('fitted');
  });

  it('are refused when rows, voxels and mask do not agree', async () => {
    const produced = await writeMaps(work, { ...facts, maps: { t: new Float32Array(6), effect: new Float32Array(6) } });
    await writeMask(produced.files['mask.nii.gz']!, { grid, voxels: Int32Array.of(1) });
    await expect(mapsType.check!(produced)).rejects.toThrow(/1 voxels in the mask.*expected: 3/s);
    await writeNpy(produced.files['effect.npy']!, [2, 2], new Float32Array(4));
    await expect(mapsType.check!(produced)).rejects.toThrow(/effect\.npy has the shape \[2, 2\].*expected: \[2, 3\]/s);
    await writeNpy(produced.files['t.npy']!, [2, 3], new Int32Array(6));
    await expect(mapsType.check!(produced)).rejects.toThrow(/t\.npy holds <i4.*expected: <f4 or <f8/s);
  });
});

describe('thresholded maps', () => {
  const data = {
    rows: kernels,
    clusters: { columns: ['kernel', 'size'], rows: [['conv1_1/k1', '2']] },
    mask,
    statistic: 't',
    threshold: 4.785,
    rule: { p: 0.001, df: 7, sides: 'two', connectivity: 18, minExtent: 1 },
    indptr: Int32Array.of(0, 2, 3),
    voxel: Int32Array.of(0, 2, 1),
    label: Int32Array.of(1, 1, -1),
    value: Float32Array.of(5, 6, -7),
  };

  it('become images of values and of cluster numbers, and the table of clusters', async () => {
    const files = await publish(thresholdedType, await writeThresholded(work, data));
    expect([...files.keys()]).toEqual([
      'group_desc-thresholded_statmap.nii.gz',
      'group_desc-clusters_dseg.nii.gz',
      'group_desc-clusters.tsv',
      'group_rows.tsv',
    ]);
    const values = await readImage(path.join(out, 'group_desc-thresholded_statmap.nii.gz'));
    expect([...values.data]).toEqual([0, 5, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, -7, 0, 0, 0]);
    expect(values.header.intent).toMatchObject({ code: 3, parameters: [7, 0, 0] });
    const labels = await readImage(path.join(out, 'group_desc-clusters_dseg.nii.gz'));
    expect([...labels.data]).toEqual([0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0, 0, 0]);
    expect(labels.header).toMatchObject({ datatype: 'int32', intent: { code: 1002 } });
    expect(files.get('group_desc-clusters.tsv')!.facts).toMatchObject({
      ThresholdP: 0.001,
      Threshold: 4.785,
      Statistic: 't',
    });
    expect(await readTable(path.join(out, 'group_desc-clusters.tsv'))).toEqual(data.clusters);
  });

  it('are read by rows', async () => {
    const stored = await readThresholded(artifact(thresholdedType, await writeThresholded(work, data)));
    expect(stored).toMatchObject({ statistic: 't', threshold: 4.785, rule: data.rule });
    expect(await stored.readRows(1, 2)).toEqual({
      indptr: Int32Array.of(0, 1),
      voxel: Int32Array.of(1),
      label: Int32Array.of(-1),
      value: Float32Array.of(-7),
    });
  });

  it('are refused when the lists do not fit together', async () => {
    const produced = await writeThresholded(work, data);
    await writeNpy(produced.files['label.npy']!, [2], Int32Array.of(1, 1));
    await expect(thresholdedType.check!(produced)).rejects.toThrow(/label\.npy has the shape \[2\].*expected: \[3\]/s);
    await writeNpy(produced.files['indptr.npy']!, [3], Int32Array.of(0, 3, 2));
    await expect(thresholdedType.check!(produced)).rejects.toThrow(/row starts do not increase/);
    await writeNpy(produced.files['indptr.npy']!, [3], Int32Array.of(0, 1, 2));
    for (const role of ['voxel', 'label']) await writeNpy(produced.files[`${role}.npy`]!, [2], Int32Array.of(0, 1));
    await writeNpy(produced.files['value.npy']!, [2], Float32Array.of(5, 6));
    await thresholdedType.check!(produced);
    await writeFile(produced.files['clusters.tsv']!, 'kernel\tsize\na\n');
    await expect(thresholdedType.check!(produced)).rejects.toThrow(/clusters\.tsv:2: 1 values/);
  });
});

describe('a fit', () => {
  const data = {
    mask,
    kernels,
    bold: Float64Array.of(1, -1, 0, 0, 2, -2),
    regressors: Float64Array.of(1, -1, 0, 0),
    nuisance: Float64Array.of(Math.SQRT1_2, Math.SQRT1_2),
    mean: Float64Array.of(100, 200, 300),
    volumes: 2,
    tr: 2,
    noise: 'ols',
    df: 0,
    rank: 1,
  };

  it('is kept and read back, its series in blocks of voxels', async () => {
    const produced = await writeFit(work, data);
    await fitType.check!(produced);
    const { readBold, ...fit } = await readFit(artifact(fitType, produced));
    const { bold: _, ...rest } = data;
    expect(fit).toMatchObject({ ...rest, voxels: 3, mask: { voxels: mask.voxels } });
    expect([...(await readBold(1, 3))]).toEqual([0, 0, 2, -2]);
  });

  it('is published as arrays with the mean image, mask and kernels', async () => {
    const files = await publish(fitType, await writeFit(work, { ...data, untrained: true }), 'sub-01');
    expect([...files.keys()]).toEqual([
      'sub-01_desc-residuals_bold.npy',
      'sub-01_desc-residuals_regressors.npy',
      'sub-01_desc-orthonormal_nuisance.npy',
      'sub-01_kernels.tsv',
      'sub-01_mask.nii.gz',
      'sub-01_mean_bold.nii.gz',
    ]);
    expect((await readNpy(path.join(out, 'sub-01_desc-residuals_bold.npy'))).shape).toEqual([3, 2]);
    expect([...(await readImage(path.join(out, 'sub-01_mean_bold.nii.gz'))).data]).toEqual([
      0, 100, 0, 0, 200, 0, 300, 0,
    ]);
    expect(files.get('sub-01_kernels.tsv')!.facts).toMatchObject({ NoiseModel: 'ols', NuisanceRank: 1 });
  });

  it('is refused when shapes and facts do not agree', async () => {
    const produced = await writeFit(work, data);
    await expect(fitType.check!({ ...produced, meta: { ...produced.meta, volumes: 3 } })).rejects.toThrow(
      /bold\.npy has the shape \[3, 2\]/,
    );
    await writeNpy(produced.files['mean.npy']!, [2], new Float64Array(2));
    await expect(fitType.check!(produced)).rejects.toThrow(/mean\.npy has the shape \[2\]/);
  });
});

describe('series, regressors and activations', () => {
  it('are kept, read back, and become tables with a column per kernel', async () => {
    const values = Float64Array.of(1, 2, 3, 4, 5, 6);
    const series = await writeSeries(work, {
      values,
      samples: 3,
      kernels,
      interval: 2,
      statistic: 'mean',
      untrained: true,
    });
    expect(await readSeries(artifact(seriesType, series))).toMatchObject({
      values,
      samples: 3,
      interval: 2,
      statistic: 'mean',
      untrained: true,
    });
    const files = await publish(seriesType, series, 'series');
    expect(files.get('series_series.tsv')).toMatchObject({ facts: { SamplingInterval: 2, Statistic: 'mean' } });
    const table = await readTable(path.join(out, 'series_series.tsv'));
    expect(table).toEqual({
      columns: ['conv1_1/k1', 'conv1_1/k2'],
      rows: [
        ['1', '2'],
        ['3', '4'],
        ['5', '6'],
      ],
    });

    const regressors = await writeRegressors(work, { values, volumes: 3, kernels, tr: 2, model: 'spm' });
    expect(await readRegressors(artifact(regressorsType, regressors))).toMatchObject({
      values,
      volumes: 3,
      tr: 2,
      model: 'spm',
    });
    expect([...(await publish(regressorsType, regressors, 'r')).keys()]).toEqual(['r_regressors.tsv', 'r_kernels.tsv']);
  });

  it('are refused when columns and kernels differ in number', async () => {
    const series = await writeSeries(work, { values: new Float64Array(2), samples: 1, kernels, interval: 2 });
    await writeNpy(series.files['series.npy']!, [1, 3], new Float64Array(3));
    await expect(seriesType.check!(series)).rejects.toThrow(
      /series\.npy has the shape \[1, 3\].*expected: \[any, 2\]/s,
    );
  });

  it('activations: a table per statistic, and the array', async () => {
    const data = {
      values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      statistics: ['mean', 'max'],
      frames: 2,
      kernels,
      interval: 2,
      activation: 'relu',
      weights: { preprocessing: 'caffe' },
      untrained: true,
    };
    const produced = await writeActivations(work, data);
    expect(await readActivations(artifact(activationsType, produced))).toEqual(data);
    expect([...(await readStatistic(artifact(activationsType, produced), 'max'))]).toEqual([5, 6, 7, 8]);
    const files = await publish(activationsType, produced, 'a');
    expect([...files.keys()]).toEqual([
      'a_stat-mean_activations.tsv',
      'a_stat-max_activations.tsv',
      'a_activations.npy',
      'a_kernels.tsv',
    ]);
    expect((await readTable(path.join(out, 'a_stat-max_activations.tsv'))).rows[1]).toEqual(['7', '8']);
  });
});

describe('frames', () => {
  async function frames(): Promise<Produced> {
    const files = { 'frames.npy': path.join(work, 'frames.npy'), 'frames.tsv': path.join(work, 'frames.tsv') };
    await writeNpy(files['frames.npy'], [2, 1, 2, 3], Uint8Array.of(255, 0, 0, 0, 255, 0, 1, 2, 3, 4, 5, 6));
    await writeFrameTable(files['frames.tsv'], [
      { frame: 0, onset: 0, duration: 2, images: 48 },
      { frame: 1, onset: 2, duration: 1.5, images: 36 },
    ]);
    return { files, meta: { window: 2, width: 2, height: 1 } };
  }

  it('become PNG files of the same pixels, with a table that names them', async () => {
    const files = await publish(framesType, await frames(), 'frames');
    expect([...files.keys()]).toEqual([
      'frames_frames.tsv',
      'frames_preview.png',
      'frames_frames/frame-0000.png',
      'frames_frames/frame-0001.png',
    ]);
    const { width, height, channels, data } = decode(await readFile(path.join(out, 'frames_frames/frame-0001.png')));
    expect({ width, height, channels, data: [...data] }).toEqual({
      width: 2,
      height: 1,
      channels: 3,
      data: [1, 2, 3, 4, 5, 6],
    });
    // Both pictures, one pixel high, with two white pixels between them.
    const strip = decode(await readFile(path.join(out, 'frames_preview.png')));
    expect([strip.width, strip.height]).toEqual([6, 1]);
    expect([...strip.data]).toEqual([255, 0, 0, 0, 255, 0, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4, 5, 6]);
    const { rows } = await readTable(path.join(out, 'frames_frames.tsv'));
    expect(rows[1]).toEqual(['1', '2', '1.5', '36', 'frames_frames/frame-0001.png']);
  });

  it('are read one at a time, and refused when table and pictures differ', async () => {
    const produced = await frames();
    const stored = await readFrames(artifact(framesType, produced));
    expect([...(await stored.readFrame(0))]).toEqual([255, 0, 0, 0, 255, 0]);
    await writeFrameTable(produced.files['frames.tsv']!, []);
    await expect(framesType.check!(produced)).rejects.toThrow(/0 rows for 2 frames/);
    await expect(framesType.check!({ ...produced, meta: { ...produced.meta, width: 3 } })).rejects.toThrow(
      /shape \[2, 1, 2, 3\]/,
    );
  });
});

describe('what the last steps make', () => {
  async function regionsImage(labels: number[]): Promise<string> {
    const file = path.join(work, 'regions.nii.gz');
    await writeImage(file, { grid, datatype: 'int32', data: Int32Array.from(labels) });
    return file;
  }

  async function selection(labels = [0, 1, 0, 0, 2, 0, 0, 0]): Promise<Produced> {
    const at = (name: string) => path.join(work, name);
    await writeTable(
      at('selection.tsv'),
      ['name', 'layer', 'kernel', 'region', 'selectivity', 'voxels'],
      [['conv1_1/k1', 'conv1_1', 1, 'V1', 0.75, 3]],
    );
    await writeTable(
      at('regions.tsv'),
      ['index', 'name'],
      [
        [1, 'V1'],
        [2, 'LOC'],
      ],
    );
    return {
      files: {
        'selection.tsv': at('selection.tsv'),
        'regions.tsv': at('regions.tsv'),
        'regions.nii.gz': await regionsImage(labels),
      },
      meta: { rule: { min_voxels: 1 } },
    };
  }

  it('a selection is read, published, and refused when regions are not in its tables', async () => {
    const produced = await selection();
    expect(await readSelection(artifact(selectionType, produced))).toMatchObject({
      kernels: [{ name: 'conv1_1/k1', region: 'V1', selectivity: 0.75, voxels: 3 }],
      regions: [
        { index: 1, name: 'V1' },
        { index: 2, name: 'LOC' },
      ],
      labels: Int32Array.of(0, 1, 0, 0, 2, 0, 0, 0),
    });
    expect([...(await publish(selectionType, produced)).keys()]).toEqual([
      'group_selection.tsv',
      'group_regions.tsv',
      'group_regions_dseg.nii.gz',
    ]);
    await expect(selectionType.check!(await selection([5, 0, 0, 0, 0, 0, 0, 0]))).rejects.toThrow(
      /label 5, which regions\.tsv lacks/,
    );
  });

  it('pictures of the reverse analysis say what they show, and the table names them where they lie', async () => {
    const at = (name: string) => path.join(work, name);
    await mkdir(at('pictures'));
    await writeFile(at('pictures/a.png'), 'png');
    await writeTable(
      at('regions.tsv'),
      ['index', 'name', 'voxels', 'subjects', 'peaks', 'kernels'],
      [[1, 'V1', 4, 2, 2, 'conv1_1/k1']],
    );
    await writeTable(at('series.tsv'), ['time'], [[0]]);
    await writeTable(
      at('peaks.tsv'),
      ['region', 'peak', 'time', 'stimulus_time', 'height'],
      [
        ['V1', 1, 8, 4, 1],
        ['V1', 2, 18.5, 14.5, 1],
      ],
    );
    await writeTable(
      at('pictures.tsv'),
      ['region', 'peak', 'frame', 'kernel', 'kind', 'file', 'maximum'],
      [['V1', 2, 7, 'conv1_1/k1', 'overlay', 'pictures/a.png', 2.5]],
    );
    const roles = ['regions.tsv', 'series.tsv', 'peaks.tsv', 'pictures.tsv', 'pictures/a.png'];
    const produced = {
      files: Object.fromEntries(roles.map((role) => [role, at(role)])),
      meta: { delay: 4, untrained: true },
    };
    const files = await publish(reversalType, produced, 'reverse');
    const shown = files.get('reverse_pictures/a.png')!;
    expect(shown.description).toMatch(/^Overlay of kernel conv1_1\/k1 at peak 2 of region V1\./);
    expect(shown.facts).toMatchObject({ Frame: 7, StimulusTime: 14.5, Maximum: 2.5 });
    expect((await readTable(path.join(out, 'reverse_pictures.tsv'))).rows[0]![5]).toBe('reverse_pictures/a.png');
    const { 'pictures/a.png': _, ...without } = produced.files;
    await expect(reversalType.check!({ ...produced, files: without })).rejects.toThrow(
      /pictures\.tsv names pictures\/a\.png/,
    );
  });

  it('figures keep their captions; a description its tables', async () => {
    await writeFile(path.join(work, 'fig2.png'), 'png');
    const figures = await publish(
      figuresType,
      { files: { 'fig2.png': path.join(work, 'fig2.png') }, meta: { captions: { fig2: 'Components.' } } },
      'f',
    );
    expect(figures.get('f_fig2.png')!.description).toBe('Components.');
    await expect(figuresType.check!({ files: {} })).rejects.toThrow(/no figure/);
    const names = ['pca.tsv', 'layer_series.tsv', 'layer_correlation.tsv', 'pairs.tsv'];
    for (const name of names) await writeTable(path.join(work, name), ['x'], [[1]]);
    const files = Object.fromEntries(names.map((name) => [name, path.join(work, name)]));
    const described = await publish(descriptionType, { files, meta: { leastCorrelated: ['a', 'b'], r: -0.05 } }, 'd');
    expect(described.get('d_pairs.tsv')!.facts).toEqual({
      LeastCorrelatedLayers: ['a', 'b'],
      LowestCorrelation: -0.05,
    });
    await expect(descriptionType.check!({ files: {} })).rejects.toThrow(/no file for pca\.tsv/);
  });
});

describe('images and files that are passed on', () => {
  it('keep their bytes and their endings', async () => {
    const plain = path.join(work, 'image.nii');
    await writeImage(plain, { grid, volumes: 2, datatype: 'int16', data: new Int16Array(16), tr: 2 });
    expect([...(await publish(boldType, { files: { 'image.nii': plain }, meta: { tr: 2 } }, 'sub-01')).keys()]).toEqual(
      ['sub-01_bold.nii'],
    );
    expect([...(await publish(imageType, { files: { 'image.nii': plain } }, 'x')).keys()]).toEqual(['x_image.nii']);
    await expect(maskType.check!({ files: { 'mask.nii': plain } })).rejects.toThrow(/the mask has 2 volumes/);
    await expect(boldType.check!({ files: { 'image.nii': plain } })).rejects.toThrow();
    await writeFile(path.join(work, 'note.txt'), 'hello');
    const files = await publish(
      fileType,
      { files: { file: path.join(work, 'note.txt') }, meta: { extension: '.txt' } },
      'note',
    );
    expect(await readFile(files.get('note_file.txt')!.path, 'utf8')).toBe('hello');
    await writeTable(path.join(work, 't.tsv'), ['a'], [[1]]);
    expect([...(await publish(tableType, { files: { 'table.tsv': path.join(work, 't.tsv') } }, 't')).keys()]).toEqual([
      't_table.tsv',
    ]);
  });
});
