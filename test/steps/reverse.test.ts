import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { decode } from 'fast-png';
import { Matrix, QrDecomposition } from 'ml-matrix';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShownPart, writeAligned } from '../../artifacts/aligned.js';
import type { Artifact } from '../../artifacts/artifact.js';
import { writeFit } from '../../artifacts/fit.js';
import { writeFrameTable } from '../../artifacts/frames.js';
import type { Grid } from '../../artifacts/grid.js';
import { readImage, readVoxelSeries, writeImage } from '../../artifacts/image.js';
import { readMask } from '../../artifacts/mask.js';
import { readNpy, writeNpy } from '../../artifacts/npy.js';
import { writeSeries } from '../../artifacts/series.js';
import { numericColumn, readTable, textColumn, writeTable } from '../../artifacts/table.js';
import { createPool, type Pool } from '../../numerics/pool.js';
import { aggregateStep } from '../../steps/aggregate/index.js';
import { featureMaps } from '../../steps/extract/feature-maps.js';
import { extractStep } from '../../steps/extract/index.js';
import { lut } from '../../steps/figures/colormaps.js';
import { reverseStep } from '../../steps/reverse/index.js';
import { newFolder } from '../support/folders.js';
import { boldOf, groupMask, subjects, volumes } from '../support/haxby.js';
import { arrays } from '../support/reference-maps.js';
import { bytesOf, madeArtifact, noThreads, runStep } from '../support/run-step.js';
import { describeShared } from '../support/shared.js';
import { lineGrid } from '../support/small-thresholded.js';

let pool: Pool;
beforeAll(() => {
  pool = createPool(2);
});
afterAll(() => pool.close());

/** A selection: label of every voxel of the grid, and for each kernel the index of its region. */
async function selectionOf(grid: Grid, labels: ArrayLike<number>, regions: string[], kernels: Record<string, number>) {
  const dir = await newFolder('selection');
  const to = (name: string) => path.join(dir, name);
  const data = Int32Array.from(labels);
  await writeImage(to('regions.nii.gz'), { grid, data, datatype: 'int32', description: 'regions' });
  const indexed = regions.map((name, n) => [n + 1, name]);
  await writeTable(to('regions.tsv'), ['index', 'name'], indexed);
  await writeTable(
    to('selection.tsv'),
    ['name', 'layer', 'kernel', 'region', 'region_index', 'selectivity', 'voxels'],
    Object.entries(kernels).map(([name, r], n) => {
      return [name, name.split('/')[0]!, n + 1, regions[r - 1]!, r, 1 - n / 100, 2];
    }),
  );
  const roles = ['regions.nii.gz', 'regions.tsv', 'selection.tsv'];
  return madeArtifact('selection', { files: Object.fromEntries(roles.map((role) => [role, to(role)])) });
}

/** BOLD of one subject on a line of voxels, TR 2 s, given as `[voxel][volume]`. */
async function lineBold(label: string, voxels: number[][], tr = 2): Promise<Artifact> {
  const file = path.join(await newFolder('bold'), 'image.nii.gz');
  const count = voxels[0]!.length;
  const data = Float32Array.from({ length: voxels.length * count }, (_, at) => {
    return voxels[at % voxels.length]![Math.floor(at / voxels.length)]!;
  });
  await writeImage(file, {
    grid: lineGrid(voxels.length),
    volumes: count,
    data,
    datatype: 'float32',
    tr,
    description: 'bold',
  });
  return madeArtifact('bold', { files: { 'image.nii.gz': file }, meta: { tr } }, file, label);
}

/** Frames of random pixels, or of one colour each, shown 2 s. */
async function framesOf(
  count: number,
  width: number,
  height: number,
  colorOf?: (frame: number) => readonly number[],
): Promise<Artifact> {
  const dir = await newFolder('frames');
  const files = { 'frames.npy': path.join(dir, 'frames.npy'), 'frames.tsv': path.join(dir, 'frames.tsv') };
  const pixels = Uint8Array.from({ length: count * width * height * 3 }, (_, n) =>
    colorOf ? colorOf(Math.floor(n / (3 * width * height)))[n % 3]! : (n * 7919 + (n >> 3)) % 256,
  );
  await writeNpy(files['frames.npy'], [count, height, width, 3], pixels);
  const rows = Array.from({ length: count }, (_, frame) => ({ frame, onset: 2 * frame, duration: 2, images: 48 }));
  await writeFrameTable(files['frames.tsv'], rows);
  return madeArtifact('frames', { files, meta: { window: 2, width, height } });
}

async function reverse(inputs: Record<string, Artifact | Artifact[]>, params: Record<string, unknown> = {}) {
  const { outputs, notes } = await runStep(reverseStep, inputs, params, { pool });
  const reversal = outputs.reversal!;
  const table = (role: string) => readTable(reversal.files[role]!);
  const peaks = await table('peaks.tsv');
  const column = (name: string) => [...numericColumn(peaks, name, 'peaks.tsv')];
  const series = await table('series.tsv');
  return {
    reversal,
    notes,
    peaks,
    column,
    table,
    mean: (region: string) => [...numericColumn(series, `region:${region}`, 'series.tsv')],
  };
}

const untrained = madeArtifact('weights', {
  files: {},
  meta: { origin: 'synthetic', seed: 1, width: 4, untrained: true },
});

describe('reverse', () => {
  //            volume  0  1  2  3  4  5  6  7  8  9 10 11
  const signal = [0, 5, 0, 0, 0, 6, 0, 0, 0, 0, 7, 0];
  const flat = new Array(signal.length).fill(3);
  const network = { 'conv1_1/k1': 1, 'conv5_3/k2': 1 };

  async function study() {
    const selection = await selectionOf(lineGrid(4), [1, 1, 2, 0], ['visual', 'silent'], {
      ...network,
      'conv1_1/k3': 2,
    });
    const bold = [
      await lineBold('sub-01', [signal, signal, flat, flat]),
      await lineBold('sub-02', [signal.map((value) => 10 * value + 400), signal, flat, flat]),
    ];
    return { selection, bold };
  }

  it('goes back by the delay and reports peaks before the first and after the last picture without one', async () => {
    const frames = await framesOf(7, 6, 4);
    const { column, notes } = await reverse({ ...(await study()), frames });
    expect(column('volume')).toEqual([1, 5, 10]);
    expect(column('time')).toEqual([2, 10, 20]);
    expect(column('stimulus_time')).toEqual([-2, 6, 16]);
    expect(column('frame')).toEqual([Number.NaN, 3, Number.NaN]);
    expect(notes).toContain('2 peaks lie before the first or after the last picture');
  });

  it('leaves out dropped volumes, so that the first that is used belongs to the first picture', async () => {
    const frames = await framesOf(7, 6, 4);
    const { column, mean } = await reverse({ ...(await study()), frames }, { drop: 3 });
    expect(column('volume')).toEqual([2, 7]);
    expect(column('frame')).toEqual([0, 5]);
    expect(mean('visual')).toHaveLength(9);
  });

  describe('with `shown`', () => {
    const scans = (...parts: Partial<ShownPart>[][]) =>
      Promise.all(
        parts.map(async (own, n) => {
          const whole = { movie: 'film', onset: 0, duration: 14, start: 0, first: 0, samples: 7 };
          const data = {
            ...{ values: Float64Array.of(1, 2, 3, 4, 5, 6, 7), samples: 7, interval: 2, tr: 2, volumes: 12 },
            kernels: [{ name: 'conv1_1/k1', layer: 'conv1_1', kernel: 1 }],
            parts: own.map((part) => ({ ...whole, ...part })),
          };
          const made = await writeAligned(await newFolder('shown'), data);
          return madeArtifact('aligned', made, 'steps.shown', `sub-0${n + 1}`);
        }),
      );

    it('goes back to the time in the movie by its onset in the scan', async () => {
      const frames = await framesOf(7, 6, 4);
      // As without it: the movie begins with the first volume.
      const same = await reverse({ ...(await study()), frames, shown: await scans([{}], [{}]) });
      expect(same.column('frame')).toEqual([Number.NaN, 3, Number.NaN]);
      // It began 3.3 s into the scan, and 2 volumes are dropped: peaks at 10 and 20 s were 10 - 3.3 - 4 = 2.7 s into it, and 12.7 s.
      const later = await reverse({ ...(await study()), frames, shown: await scans([{ onset: 3.3 }]) }, { drop: 2 });
      expect(later.column('volume')).toEqual([3, 8]);
      expect(later.column('stimulus_time').map((time) => Math.round(10 * time) / 10)).toEqual([2.7, 12.7]);
      expect(later.column('frame')).toEqual([1, 6]);
      // Started at its 4th second, stopped after 8 s: at 12 s nothing was shown any more.
      const part = await reverse(
        { ...(await study()), frames, shown: await scans([{ onset: 0, start: 4, duration: 6 }]) },
        { delay: 2 },
      );
      expect(part.column('stimulus_time')).toEqual([4, 12, 22]);
      expect(part.column('frame')).toEqual([2, Number.NaN, Number.NaN]);
    });

    it('shows the value of the kernel that was on the screen at each volume', async () => {
      const series = await writeSeries(await newFolder('series'), {
        ...{ values: Float64Array.of(1, 2, 3, 4, 5, 6, 7), samples: 7, interval: 2 },
        kernels: [{ name: 'conv1_1/k1', layer: 'conv1_1', kernel: 1 }],
      });
      const inputs = { ...(await study()), series: madeArtifact('series', series), shown: await scans([{ onset: 3 }]) };
      const { table } = await reverse(inputs);
      const values = textColumn(await table('series.tsv'), 'kernel:conv1_1/k1', 'series.tsv');
      // Volumes at 4, 6, … s are 1, 3, … s into the movie, which ends at 17 s.
      expect(values).toEqual(['n/a', 'n/a', '1', '2', '3', '4', '5', '6', '7', 'n/a', 'n/a', 'n/a']);
    });

    it('averages onsets that differ by less than a tenth of a TR, and refuses others', async () => {
      const { column, notes } = await reverse({
        ...(await study()),
        shown: await scans([{ onset: 2 }], [{ onset: 2.1 }]),
      });
      expect(column('stimulus_time')[1]).toBeCloseTo(3.95, 12);
      expect(notes).toContain('the movie began within 0.100 s of one another in the scans; their mean is used');
      const apart = { ...(await study()), shown: await scans([{ onset: 2 }], [{ onset: 3 }]) };
      await expect(reverse(apart)).rejects.toThrow(
        /sub-01 shows film from 2 s on, sub-02 film from 3 s on[\s\S]*run: 1/,
      );
      const other = { ...(await study()), shown: await scans([{}], [{ movie: 'other' }]) };
      await expect(reverse(other)).rejects.toThrow(/sub-02 other from 0 s on/);
      const twice = { ...(await study()), shown: await scans([{}, { onset: 16 }]) };
      await expect(reverse(twice)).rejects.toThrow(/sub-01 shows 2 movies/);
    });
  });

  it('keeps the highest peaks, in order of time', async () => {
    const { column } = await reverse(await study(), { peaks: 2 });
    expect(column('volume')).toEqual([5, 10]);
    expect(column('peak')).toEqual([1, 2]);
  });

  it('standardises so that a subject with a larger signal weighs no more, and names regions that are silent', async () => {
    const { mean, notes, table } = await reverse(await study());
    const average = signal.reduce((sum, value) => sum + value, 0) / signal.length;
    const sd = Math.sqrt(signal.reduce((sum, value) => sum + (value - average) ** 2, 0) / signal.length);
    for (const [n, value] of mean('visual').entries()) expect(value).toBeCloseTo((signal[n]! - average) / sd, 12);
    expect(notes).toContain('silent: no varying signal in sub-01, sub-02; left out');
    expect(textColumn(await table('regions.tsv'), 'name', '')).toEqual(['visual']);
  });

  it('leaves voxels with a value that is not finite out of the mean', async () => {
    const { selection } = await study();
    const broken = signal.map((value, n) => (n === 4 ? Number.NaN : 50 * value));
    const { table } = await reverse({ selection, bold: [await lineBold('sub-01', [signal, broken, flat, flat])] });
    const subjects = await table('subjects.tsv');
    expect([...numericColumn(subjects, 'signal', '')]).toEqual(signal);
  });

  it('shows the kernels’ own series beside those of the regions, n/a after their end', async () => {
    const kernels = [{ name: 'conv1_1/k1', layer: 'conv1_1', kernel: 1 }];
    const values = Float64Array.of(1, 2, 3);
    const data = { values, samples: 3, interval: 4, kernels };
    const series = madeArtifact('series', await writeSeries(await newFolder('series'), data));
    const { table, column } = await reverse({ ...(await study()), series });
    const shown = await table('series.tsv');
    expect([...numericColumn(shown, 'kernel:conv1_1/k1', '')]).toEqual([
      1,
      1,
      2,
      2,
      3,
      3,
      ...new Array(6).fill(Number.NaN),
    ]);
    // 6 s lies in the second sample of 4 s.
    expect(column('frame')).toEqual([Number.NaN, 1, Number.NaN]);
  });

  it('draws frame, feature map and overlay at each peak, marked as untrained', async () => {
    const [width, height] = [32, 16];
    const frames = await framesOf(9, width, height);
    const inputs = { ...(await study()), frames, weights: untrained };
    const { reversal, table } = await reverse(inputs, { overlay_share: 0.25 });
    expect(reversal.meta.untrained).toBe(true);
    const pictures = (await table('pictures.tsv')).rows.map((row) => row.slice(1, 6));
    const stem = (kernel: string, frame: string) => `pictures/${kernel}_frame-000${frame}`;
    const [first, deep] = ['conv1_1-k1', 'conv5_3-k2'];
    expect(pictures).toEqual(
      [
        { peak: '2', frame: '3' },
        { peak: '3', frame: '8' },
      ].flatMap(({ peak, frame }) => [
        [peak, frame, 'n/a', 'frame', `pictures/frame-000${frame}.png`],
        [peak, frame, 'conv1_1/k1', 'map', `${stem(first, frame)}_map.png`],
        [peak, frame, 'conv1_1/k1', 'overlay', `${stem(first, frame)}_overlay.png`],
        [peak, frame, 'conv5_3/k2', 'map', `${stem(deep, frame)}_map.png`],
        [peak, frame, 'conv5_3/k2', 'overlay', `${stem(deep, frame)}_overlay.png`],
      ]),
    );

    const picture = async (name: string) => decode(await readFile(reversal.files[`pictures/${name}.png`]!));
    const pixels = (await readNpy(frames.files['frames.npy']!)).data
      .slice(3 * width * height * 3)
      .slice(0, width * height * 3);
    expect([...(await picture('frame-0003')).data]).toEqual([...pixels]);
    // A map of the first layer has the size of the frame, so its colours are the values themselves.
    const [map] = await featureMaps({
      weights: untrained,
      frames,
      requests: [{ frame: 3, kernel: 'conv1_1/k1' }],
      activation: 'relu',
      preprocessing: 'auto',
      pool: noThreads,
      signal: new AbortController().signal,
      threads: 1,
    });
    const maximum = Math.max(...map!.data);
    const drawn = await picture('conv1_1-k1_frame-0003_map');
    expect([...drawn.data]).toEqual([...map!.data].map((value) => Math.round((255 * value) / maximum)));
    expect(drawn.palette!.flat()).toEqual([...lut('viridis')]);
    expect(drawn.text.Description).toMatch(/conv1_1\/k1.*UNTRAINED/);
    const overlay = (await picture('conv1_1-k1_frame-0003_overlay')).data;
    const lowest = [...map!.data].sort((a, b) => b - a)[width * height * 0.25 - 1]!;
    map!.data.forEach((value, at) => {
      if (value >= lowest) return;
      expect([...overlay.slice(3 * at, 3 * at + 3)]).toEqual([...pixels.slice(3 * at, 3 * at + 3)]);
    });
  });

  it('says of feature maps that are not what the series was made of', async () => {
    const frames = await framesOf(9, 32, 16);
    const extracted = await runStep(extractStep, { frames, weights: untrained }, { statistics: ['mean', 'max'] });
    const { activations } = extracted.outputs;
    for (const statistic of ['mean', 'max']) {
      const { series } = (await runStep(aggregateStep, { activations: activations! }, { statistic })).outputs;
      const inputs = { ...(await study()), frames, weights: untrained, series: series! };
      expect((await reverse(inputs)).notes.join()).not.toMatch(/feature map/);
      expect((await reverse(inputs, { preprocessing: 'caffe' })).notes).toContainEqual(
        expect.stringMatching(
          new RegExp(
            `^the feature map of conv1_1/k1 at picture 3 has a ${statistic} of [\\d.]+, the kernel's series says [\\d.]+: .* not those of extract`,
          ),
        ),
      );
    }
  });

  it('lays the pictures at the peaks of a region out on one sheet', async () => {
    // Frames of one colour each: the red value tells which is shown. 200 x 112 pixels, far above the sheet's text.
    const [width, height] = [200, 112];
    const frames = await framesOf(9, width, height, (frame) => [20 + 25 * frame, 7, 250]);
    const inputs = { ...(await study()), frames, weights: untrained };
    const { reversal } = await reverse(inputs);
    const roles = Object.keys(reversal.files).filter((role) => role.startsWith('montage/'));
    expect(roles).toEqual(['montage/region-visual.png']);
    const { data, channels } = decode(await readFile(reversal.files[roles[0]!]!));
    const counts = new Map<string, number>();
    for (let at = 0; at < data.length; at += channels) {
      const color = [...data.subarray(at, at + 3)].join();
      counts.set(color, (counts.get(color) ?? 0) + 1);
    }
    const shown = Array.from({ length: 9 }, (_, frame) => counts.get(`${20 + 25 * frame},7,250`) ?? 0);
    // Peaks 2 and 3 go back to frames 3 and 8; a picture is 100 pt wide at 200 dpi.
    for (const [frame, count] of shown.entries()) {
      if (frame === 3 || frame === 8) expect(count).toBeGreaterThan(20_000);
      else expect(count).toBeLessThan(100);
    }
    // The scale, whose ends are those of viridis; smoothing of the sheet may change a colour by a few levels.
    const table = lut('viridis');
    for (const end of [table.slice(0, 3), table.slice(-3)]) {
      const near = [...counts.keys()].some((key) => key.split(',').every((v, c) => Math.abs(Number(v) - end[c]!) < 6));
      expect(near).toBe(true);
    }
  });

  it('shows only the most selective kernels of each layer and region', async () => {
    const kernels = { 'conv1_1/k1': 1, 'conv1_1/k2': 1, 'conv2_1/k1': 1 };
    const selection = await selectionOf(lineGrid(4), [1, 1, 0, 0], ['visual'], kernels);
    const bold = [await lineBold('sub-01', [signal, signal, flat, flat])];
    const inputs = { selection, bold, frames: await framesOf(9, 16, 16), weights: untrained };
    const { table } = await reverse(inputs, { kernels: 1, peaks: 1 });
    const shown = textColumn(await table('pictures.tsv'), 'kernel', '').filter((kernel) => kernel !== 'n/a');
    expect([...new Set(shown)]).toEqual(['conv1_1/k1', 'conv2_1/k1']);
  });

  it('gives the same bytes on 1, 2 and 4 workers', async () => {
    const inputs = { ...(await study()), frames: await framesOf(9, 16, 16), weights: untrained };
    const bytes = [];
    for (const threads of [1, 2, 4]) {
      const own = createPool(threads);
      bytes.push(await bytesOf((await runStep(reverseStep, inputs, {}, { pool: own })).outputs.reversal!));
      await own.close();
    }
    expect(bytes[1]).toEqual(bytes[0]);
    expect(bytes[2]).toEqual(bytes[0]);
  });

  it('refuses subjects of other lengths and images of another grid, naming both', async () => {
    const { selection, bold } = await study();
    const short = await lineBold('sub-03', [signal.slice(2), signal.slice(2), flat.slice(2), flat.slice(2)]);
    await expect(reverse({ selection, bold: [...bold, short] })).rejects.toThrow(/sub-01 has 12 .*sub-03 has 10/);
    const other = await lineBold('sub-04', [signal, signal, flat]);
    await expect(reverse({ selection, bold: [other] })).rejects.toThrow(/3 x 1 x 1[\s\S]*4 x 1 x 1/);
    await expect(reverse({ selection, bold }, { drop: 10 })).rejects.toThrow(/12 volumes, of which 10/);
    await expect(reverse({ selection })).rejects.toThrow(/neither bold nor fits/);
  });

  it('has nothing to analyse, and says so, when no kernel was selected', async () => {
    const { bold } = await study();
    const selection = await selectionOf(lineGrid(4), [0, 0, 0, 0], ['visual'], {});
    const { notes, peaks } = await reverse({ selection, bold });
    expect(peaks.rows).toEqual([]);
    expect(notes[0]).toMatch(/no region with kernels/);
  });
});

describeShared('reverse against scipy on real BOLD', () => {
  const folder = path.join(arrays, 'reverse');
  const reference = async (name: string) => [...(await readNpy(path.join(folder, `${name}.npy`))).data];

  async function regionSelection() {
    const { header, data } = await readImage(path.join(folder, 'region.nii.gz'));
    return selectionOf(header.grid, data, ['blocks'], { k07: 1 });
  }

  /** 130 samples of 2.5 s, as the kernel series of the reference. */
  async function sampleSeries() {
    const kernels = [{ name: 'k07', layer: 'B', kernel: 7 }];
    const data = { values: new Float64Array(130), samples: 130, interval: 2.5, kernels };
    return madeArtifact('series', await writeSeries(await newFolder('series'), data));
  }

  /** The whole BOLD of the group's mask without its least-squares fit on the reference's nuisance columns. */
  async function residualFit(subject: number): Promise<Artifact> {
    const mask = await readMask(groupMask().files['mask.nii.gz']!);
    const bold = await readVoxelSeries(boldOf(subject).files['image.nii.gz']!, mask.voxels);
    const { data, shape } = await readNpy(path.join(arrays, 'glm', 'nuisance.npy'));
    const columns = shape[2]!;
    const first = (subject - 1) * volumes * columns;
    const design = new Matrix(volumes, columns);
    for (let t = 0; t < volumes; t++) {
      for (let c = 0; c < columns; c++) design.set(t, c, data[first + t * columns + c]!);
    }
    for (let c = 0; c < columns; c++) design.mulColumn(c, 1 / Math.hypot(...design.getColumn(c)));
    const basis = new QrDecomposition(design).orthogonalMatrix;
    const y = new Matrix(mask.voxels.length, volumes);
    for (let v = 0; v < mask.voxels.length; v++) y.setRow(v, [...bold.subarray(v * volumes, (v + 1) * volumes)]);
    const rest = Matrix.sub(y, y.mmul(basis).mmul(basis.transpose()));
    const produced = await writeFit(await newFolder('fit'), {
      mask,
      kernels: [{ name: 'k07', layer: 'B', kernel: 7, status: 'fitted' }],
      regressors: new Float64Array(volumes),
      nuisance: Float64Array.from(basis.transpose().to1DArray()),
      mean: new Float64Array(mask.voxels.length),
      bold: Float64Array.from(rest.to1DArray()),
      volumes,
      tr: 2.5,
      noise: 'ols',
      df: volumes - columns - 1,
      rank: columns,
    });
    return madeArtifact('fit', produced, 'steps.fit', `sub-0${subject}`);
  }

  const rules = {
    plain: { prominence: 0, distance: 0 },
    prominence05: { prominence: 0.5, distance: 0 },
    // Distances of 5 and 3 volumes of 2.5 s.
    prominence02_distance5: { prominence: 0.2, distance: 12.5 },
    height05_distance3: { prominence: 0, height: 0.5, distance: 7.5 },
  };

  for (const kind of ['raw', 'cleaned'] as const) {
    it(`gives the ${kind} series of each subject, their mean and its peaks two volumes earlier`, async () => {
      const signals: Record<string, Artifact[]> =
        kind === 'raw'
          ? { bold: subjects.map(boldOf) }
          : { fits: await Promise.all(subjects.map((subject) => residualFit(subject))) };
      const inputs = { selection: await regionSelection(), series: await sampleSeries(), ...signals };
      // BOLD of about 1000 units, averaged over the region: 1e-9 is rounding of the sum and of the fit.
      const common = { standardise: 'subjects', delay: 5, peaks: 0 };
      for (const [name, rule] of Object.entries(rules)) {
        const { column, mean, table } = await reverse(inputs, { ...common, ...rule });
        if (name === 'plain') {
          expectClose(
            [...numericColumn(await table('subjects.tsv'), 'signal', '')],
            await reference(`${kind}_subject`),
            1e-9,
          );
          expectClose(mean('blocks'), await reference(`${kind}_mean`), 1e-10);
        }
        expect(column('volume')).toEqual(await reference(`${kind}_peaks_${name}`));
        expect(column('frame').filter((frame) => !Number.isNaN(frame))).toEqual(
          await reference(`${kind}_peaks_${name}_shifted`),
        );
        if (name.startsWith('prominence')) {
          expectClose(column('prominence'), await reference(`${kind}_peaks_${name}_prominence`), 1e-10);
        }
      }
      const again = await reverse(inputs, { ...common, standardise: 'both' });
      expectClose(again.mean('blocks'), await reference(`${kind}_mean_z`), 1e-10);
    });
  }

  function expectClose(found: readonly number[], expected: readonly number[], tolerance: number): void {
    expect(found).toHaveLength(expected.length);
    for (const [n, value] of expected.entries()) expect(Math.abs(found[n]! - value)).toBeLessThan(tolerance);
  }
});
