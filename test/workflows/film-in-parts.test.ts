import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeGrid } from '../../artifacts/grid.js';
import { readMaps } from '../../artifacts/maps.js';
import { writeImage } from '../../artifacts/nifti-write.js';
import { seededRandom } from '../../cli/demo/random.js';
import { loadWorkflow, run } from '../../index.js';
import { findFfmpeg } from '../../steps/decode/ffmpeg.js';
import { root } from '../support/shared.js';

const [tr, volumes, onset, subjects] = [2, 60, 8.4, 4];
const grid = makeGrid([6, 6, 4], [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 4);
const voxels = 6 * 6 * 4;
/** These respond to faces, all others to nothing. */
const responding = 24;
/** When faces are seen in each part, s after it began: no multiple of a window. */
const faces = [
  [5, 31, 50, 83],
  [12, 37.5, 66, 90],
] as const;
const faceLasts = 7;

/**
 * What BOLD would follow from faces, sampled in steps of 0.1 s with a gamma density of shape 6 that peaks 5 s after
 * its cause: coarse, not the response that the workflow assumes, and written apart from it.
 */
function response(part: number): Float64Array {
  const step = 0.1;
  return Float64Array.from({ length: volumes }, (_, volume) => {
    let sum = 0;
    for (let lag = 0; lag < 25; lag += step) {
      const inMovie = volume * tr - lag - onset;
      const seen = faces[part]!.some((begin) => inMovie >= begin && inMovie < begin + faceLasts);
      if (seen) sum += lag ** 5 * Math.exp(-lag) * step;
    }
    return sum / 120;
  });
}

describe('the workflow of a film in parts', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'voxreel-parts-'));
    await mkdir(path.join(dir, 'stimuli'));
    const { path: ffmpeg } = await findFfmpeg();
    for (const part of [0, 1]) {
      // Pictures and sound that change, of 100 s.
      const picture = `testsrc2=size=64x36:rate=5:duration=100,hue=h=${90 * part}+20*t`;
      const sound = `sine=frequency=${220 + 110 * part}:duration=100,tremolo=f=0.2`;
      const file = path.join(dir, 'stimuli', `part${part + 1}.mp4`);
      const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound];
      await execa(ffmpeg, ['-v', 'error', ...inputs, '-pix_fmt', 'yuv420p', '-shortest', file]);
      const rows = faces[part]!.map((begin) => `${begin}\t${faceLasts}\tface`);
      const words = [20, 45, 70].map((begin) => `${begin}\t4\tword`);
      await writeFile(
        path.join(dir, 'stimuli', `part${part + 1}.tsv`),
        `${['onset\tduration\tlabel', ...rows, ...words].join('\n')}\n`,
      );
    }
    for (let subject = 1; subject <= subjects; subject++) {
      for (const part of [0, 1]) await writeScan(subject, part);
    }
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  async function writeScan(subject: number, part: number): Promise<void> {
    const random = seededRandom(`film in parts, ${subject}, ${part}`);
    const func = path.join(dir, 'derivatives', 'fmriprep', `sub-0${subject}`, 'func');
    await mkdir(func, { recursive: true });
    const stem = path.join(func, `sub-0${subject}_task-film_run-${part + 1}`);
    const image = `${stem}_space-MNI152NLin2009cAsym`;
    const faceResponse = response(part);
    const data = new Float32Array(volumes * voxels);
    for (let v = 0; v < voxels; v++) {
      let noise = 0;
      for (let t = 0; t < volumes; t++) {
        noise = 0.3 * noise + random.normal();
        data[t * voxels + v] = 1000 + 4 * noise + (v < responding ? 20 * faceResponse[t]! : 0);
      }
    }
    await writeImage(`${image}_desc-preproc_bold.nii.gz`, { grid, datatype: 'float32', data, volumes, tr });
    await writeFile(`${image}_desc-preproc_bold.json`, JSON.stringify({ RepetitionTime: tr, TaskName: 'film' }));
    const mask = new Uint8Array(voxels).fill(1);
    await writeImage(`${image}_desc-brain_mask.nii.gz`, { grid, datatype: 'uint8', data: mask });
    const motion = ['trans_x', 'trans_y', 'trans_z', 'rot_x', 'rot_y', 'rot_z'];
    const lines = Array.from({ length: volumes }, () =>
      motion.map(() => (0.01 * random.normal()).toFixed(6)).join('\t'),
    );
    await writeFile(`${stem}_desc-confounds_timeseries.tsv`, `${[motion.join('\t'), ...lines].join('\n')}\n`);
  }

  /** Mean t of faces in the voxels that respond to them, and in the others. */
  async function tOfFaces(toldOnset: number): Promise<{ responding: number; others: number }> {
    const file = path.join(dir, 'study.yaml');
    const shipped = await readFile(path.join(root, 'workflows', 'film-in-parts.yaml'), 'utf8');
    const weights = 'path: models/vgg16.safetensors';
    expect(shipped).toContain(weights);
    expect(shipped).toContain('onset: 8.4');
    const told = shipped.replaceAll('onset: 8.4', `onset: ${toldOnset}`);
    await writeFile(file, told.replace(weights, 'synthetic: { width: 4 }'));
    const controls = '[motion6, luminance, contrast, saturation, motion, audio_rms]';
    const workflow = await loadWorkflow(file, {
      set: ['fwhm=0', 'drop=2', `confounds=${controls}`],
    });
    const result = await run(workflow, { cache: path.join(dir, 'cache'), results: path.join(dir, 'results') });
    expect(result.ok).toBe(true);
    const maps = await readMaps(result.outputs.get('group')![0]!);
    const row = maps.rows.findIndex(({ name }) => name === 'face');
    const t = await maps.readRows('t', row, row + 1);
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
    return { responding: mean(t.subarray(0, responding)), others: mean(t.subarray(responding)) };
  }

  test('finds what responds to faces, with both parts at the time of the scan when they were shown', async () => {
    const found = await tOfFaces(onset);
    expect(found.responding).toBeGreaterThan(10);
    expect(Math.abs(found.others)).toBeLessThan(1);
    // Told that the parts began 12 s later, the regressor is not what the voxels respond to.
    const apart = await tOfFaces(20.4);
    expect(apart.responding).toBeLessThan(found.responding / 2);
  });
});
