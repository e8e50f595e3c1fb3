import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMaps } from '../../artifacts/maps.js';
import { fileOf } from '../../artifacts/meta.js';
import { readSelection } from '../../artifacts/selection.js';
import { numericColumn, readTable } from '../../artifacts/table.js';
import { demoGrid, drawAtlas, regions } from '../../cli/demo/anatomy.js';
import type { Planted } from '../../cli/demo/plant.js';
import type { StudySize } from '../../cli/demo/size.js';
import { writeAtlas, writeScans } from '../../cli/demo/study.js';
import { loadWorkflow, type RunResult, run } from '../../index.js';
import { findFfmpeg } from '../../steps/decode/ffmpeg.js';
import { voxreel } from '../cli/support/process.js';

const size: StudySize = { subjects: 5, windows: 80, before: 0, tr: 2, voxel: 10, width: 64, height: 36, fps: 5 };
/** Seconds of a cycle: how bright the film is, how loud it is. */
const [brightness, loudness] = [20, 34];
const seen = regions.find(({ name }) => name === 'Visual cortex')!;
const heard = regions.find(({ name }) => name === 'Superior temporal gyrus')!;

/** A region that follows a cycle 5 s behind it, in percent of the signal: coarse, and no response that voxreel assumes. */
function follows(region: { index: number; name: string }, cycle: number): Planted {
  const series = Float64Array.from({ length: size.windows }, (_, volume) =>
    Math.sin((2 * Math.PI * (volume * size.tr + 1 - 5)) / cycle),
  );
  const kernel = { name: 'none', layer: 'none', kernel: 1 };
  return { region: region.index, regionName: region.name, kernel, percent: 1.5, series };
}

/**
 * The files that `voxreel init` writes for a small study, run: one region follows how bright the film is, another how
 * loud. The network has random weights, whose first kernels follow brightness too.
 */
describe('a study from init', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'voxreel-new-'));
    const picture = `testsrc2=size=64x36:rate=5:duration=162,geq=lum='p(X,Y)*(0.55+0.4*sin(2*PI*T/${brightness}))':cb='cb(X,Y)':cr='cr(X,Y)'`;
    const sound = `aevalsrc='sin(600*PI*t)*(0.5+0.45*sin(2*PI*t/${loudness}))':duration=162`;
    const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound];
    const { path: ffmpeg } = await findFfmpeg();
    await execa(ffmpeg, ['-v', 'error', ...inputs, '-pix_fmt', 'yuv420p', '-shortest', path.join(dir, 'film.mp4')]);
    await writeAtlas(dir, size);
    await writeScans(dir, size, [follows(seen, brightness), follows(heard, loudness)]);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  /** Writes the file, checks it as its writer would, and runs it with a narrow network. */
  async function start(template: string, flags: readonly string[], set: readonly string[]): Promise<RunResult> {
    const file = `${template}.yaml`;
    const common = ['--template', template, '--bids', '.', '--movie', 'film.mp4', '--weights', 'synthetic'];
    expect(await voxreel(dir, 'init', file, ...common, ...flags)).toMatchObject({ code: 0, stderr: '' });
    expect(await voxreel(dir, 'validate', '--strict', file)).toMatchObject({ code: 0, stderr: '' });
    const text = await readFile(path.join(dir, file), 'utf8');
    expect(text).toContain('seed: 1');
    await writeFile(path.join(dir, file), text.replace('seed: 1', 'seed: 1, width: 4'));
    const workflow = await loadWorkflow(path.join(dir, file), { set });
    const result = await run(workflow, { cache: path.join(dir, 'cache'), results: path.join(dir, 'results') });
    expect(result.ok).toBe(true);
    return result;
  }

  test('encoding: what follows the sound is told from what follows the picture, in one model', async () => {
    const { outputs } = await start('encoding', [], ['fwhm=0', 'layers=conv1_1']);
    const maps = await readMaps(outputs.get('joint_group')![0]!);
    const row = maps.rows.findIndex(({ name }) => name === 'sound');
    const t = await maps.readRows('t', row, row + 1);
    const { voxels } = maps.mask;
    const atlas = drawAtlas(demoGrid(size.voxel));
    const mean = (region: number) => {
      const own = Array.from(t).filter((_, i) => atlas[voxels[i]!] === region);
      expect(own.length).toBeGreaterThan(2);
      return own.reduce((sum, value) => sum + value, 0) / own.length;
    };
    // p = 0.001 of t with 4 degrees of freedom.
    expect(mean(heard.index)).toBeGreaterThan(7.17);
    expect(Math.abs(mean(seen.index))).toBeLessThan(3);
  });

  test('roi: the kernels that the region follows, its peaks and pictures', async () => {
    const { outputs } = await start(
      'roi',
      ['--atlas', 'atlas/regions.nii.gz'],
      ['fwhm=0', 'selection.min_voxels=2', 'selection.min_selectivity=0.2'],
    );
    const selection = await readSelection(outputs.get('selection')![0]!);
    expect(selection.kernels.length).toBeGreaterThan(0);
    const file = fileOf(outputs.get('reverse')![0]!, 'peaks.tsv');
    const times = numericColumn(await readTable(file), 'stimulus_time', file);
    expect(times).toHaveLength(5);
    // The film is brightest a quarter of a cycle after each begins; responses that are assumed and drawn differ by a few seconds.
    for (const time of times) {
      const late = (time - brightness / 4) / brightness;
      expect(Math.abs(late - Math.round(late))).toBeLessThan(0.2);
    }
  });
});
