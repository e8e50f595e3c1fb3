import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImage, readImageHeader } from '../../../artifacts/image.js';
import { numericColumn, readTable } from '../../../artifacts/table.js';
import { demoGrid, drawAtlas, drawHead, regions } from '../../../cli/demo/anatomy.js';
import { autoregressive } from '../../../cli/demo/noise.js';
import { paintFilm } from '../../../cli/demo/paint.js';
import type { Planted } from '../../../cli/demo/plant.js';
import { seededRandom } from '../../../cli/demo/random.js';
import { writeScenes } from '../../../cli/demo/scenes.js';
import type { StudySize } from '../../../cli/demo/size.js';
import { writeAtlas, writeScans } from '../../../cli/demo/study.js';

const tiny: StudySize = {
  subjects: 2,
  windows: 60,
  before: 4,
  tr: 2,
  voxel: 8,
  width: 32,
  height: 18,
  fps: 2,
};

const series = autoregressive(seededRandom('test/series'), tiny.windows, 0.5);
const planted: Planted[] = [
  {
    region: 1,
    regionName: 'Visual cortex',
    kernel: { name: 'conv1_1/k1', layer: 'conv1_1', kernel: 1 },
    percent: 2,
    series,
  },
];

let parent: string;
const write = async (name: string) => {
  const dir = path.join(parent, name);
  await writeAtlas(dir, tiny);
  await writeScans(dir, tiny, planted);
  return dir;
};

describe('the demo study', () => {
  let first: string;
  const func = (dir: string, file: string) =>
    path.join(dir, 'derivatives', 'fmriprep', 'sub-01', 'func', `sub-01_task-film_${file}`);

  beforeAll(async () => {
    parent = await mkdtemp(path.join(os.tmpdir(), 'voxreel-demo-'));
    first = await write('first');
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  it('is the same, byte for byte, every time', async () => {
    expect(await digests(await write('second'))).toEqual(await digests(first));
  });

  it('is laid out as fMRIPrep does', async () => {
    expect(await readdir(path.dirname(func(first, '')))).toEqual([
      'sub-01_task-film_desc-confounds_timeseries.json',
      'sub-01_task-film_desc-confounds_timeseries.tsv',
      'sub-01_task-film_space-MNI152NLin2009cAsym_desc-brain_mask.json',
      'sub-01_task-film_space-MNI152NLin2009cAsym_desc-brain_mask.nii.gz',
      'sub-01_task-film_space-MNI152NLin2009cAsym_desc-preproc_bold.json',
      'sub-01_task-film_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz',
    ]);
  });

  it('stores BOLD as int16 with a scale factor and a TR', async () => {
    const header = await readImageHeader(func(first, 'space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz'));
    expect(header).toMatchObject({ datatype: 'int16', volumes: 64, tr: 2 });
    expect(header.slope).toBeCloseTo(0.2, 6);
    expect(header.grid.dim).toEqual(demoGrid(8).dim);
  });

  it('has the 24 motion columns of fMRIPrep, n/a in the first row of differences, and Power’s displacement', async () => {
    const file = func(first, 'desc-confounds_timeseries.tsv');
    const table = await readTable(file);
    const motion = table.columns.filter((name) => /^(trans|rot)_[xyz](_derivative1)?(_power2)?$/.test(name));
    expect(motion).toHaveLength(24);
    expect(table.rows).toHaveLength(64);
    const column = (name: string) => numericColumn(table, name, file);
    expect(column('trans_x_derivative1')[0]).toBeNaN();
    expect(column('framewise_displacement')[0]).toBeNaN();
    const change = (name: string) => Math.abs(column(name)[7]! - column(name)[6]!);
    const expected =
      change('trans_x') +
      change('trans_y') +
      change('trans_z') +
      50 * (change('rot_x') + change('rot_y') + change('rot_z'));
    expect(column('framewise_displacement')[7]).toBeCloseTo(expected, 12);
    expect(column('rot_y_power2')[7]).toBeCloseTo(column('rot_y')[7]! ** 2, 15);
  });

  it('makes the planted region follow the series and leaves the others alone', async () => {
    const { data: stored } = await readImage(func(first, 'space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz'));
    const data = Float64Array.from(stored);
    const grid = demoGrid(8);
    const atlas = drawAtlas(grid);
    const { mask } = drawHead(grid, 'demo/sub-01');
    const mean = (region: number) =>
      Float64Array.from({ length: tiny.windows }, (_, t) => {
        const volume = data.subarray((t + tiny.before) * mask.length, (t + tiny.before + 1) * mask.length);
        return volume.reduce((sum, value, i) => sum + (mask[i] && atlas[i] === region ? value : 0), 0);
      });
    // 2 % of signal against a region's mean noise of about 0.5 %: r near 0.95. Chance with 60 samples: |r| < 0.4.
    expect(correlation(mean(1), series)).toBeGreaterThan(0.8);
    expect(Math.abs(correlation(mean(6), series))).toBeLessThan(0.5);
  });

  it('has an atlas whose regions all lie inside every head', () => {
    const grid = demoGrid(5);
    const atlas = drawAtlas(grid);
    const { mask } = drawHead(grid, 'demo/sub-01');
    for (const { index } of regions) {
      const inside = atlas.filter((value, i) => value === index && mask[i] === 1).length;
      const all = atlas.filter((value) => value === index).length;
      expect(inside).toBeGreaterThan(60);
      expect(inside / all).toBeGreaterThan(0.9);
    }
  });
});

describe('the film', () => {
  it('has every frame once, from the script of its scenes', () => {
    const scenes = writeScenes('test', 120, 16 / 9);
    expect(scenes[0]!.onset).toBe(0);
    expect(scenes.at(-1)!.onset + scenes.at(-1)!.duration).toBe(120);
    const frames = [...paintFilm(scenes, tiny)];
    expect(frames).toHaveLength(240);
    expect(new Set(frames.map((frame) => frame.length))).toEqual(new Set([32 * 18 * 3]));
  });
});

describe('noise', () => {
  it('has the autocorrelation that was asked for', () => {
    const x = autoregressive(seededRandom('test/ar'), 20_000, 0.35);
    // Standard error of r1 with n = 20,000 is about 0.007; of the variance about 0.01.
    expect(correlation(x.subarray(1), x.subarray(0, -1))).toBeCloseTo(0.35, 1);
    expect(x.reduce((sum, value) => sum + value * value, 0) / x.length).toBeCloseTo(1, 1);
  });
});

function correlation(a: Float64Array, b: Float64Array): number {
  const centre = (x: Float64Array) => {
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    return x.map((value) => value - mean);
  };
  const [p, q] = [centre(a), centre(b)];
  const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
}

async function digests(dir: string): Promise<Record<string, string>> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const all = files.map(async (entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return [
      path.relative(dir, file),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ] as const;
  });
  return Object.fromEntries((await Promise.all(all)).sort());
}
