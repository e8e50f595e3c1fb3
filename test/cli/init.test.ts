import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { makeGrid } from '../../artifacts/grid.js';
import { writeImage } from '../../artifacts/nifti-write.js';
import { UserError } from '../../artifacts/user-error.js';
import { personAt } from '../../cli/init/ask.js';
import { completePath } from '../../cli/init/complete-path.js';
import { templates } from '../../cli/init/templates.js';
import { findFfmpeg } from '../../steps/decode/ffmpeg.js';
import { root } from '../support/shared.js';
import { voxreel } from './support/process.js';

const names = Object.keys(templates);
const grid = makeGrid([3, 3, 2], [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 4);
const voxels = 18;

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel init ')); // with a space, as on many desktops
  const { path: ffmpeg } = await findFfmpeg();
  await execa(ffmpeg, ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=64x48:r=5:d=4', path.join(dir, 'film.mp4')]);
  await writeFile(path.join(dir, 'ratings.tsv'), 'faces\tloud\n1\t2\n');
  await writeImage(path.join(dir, 'tpl_res-02_dseg.nii.gz'), { grid, datatype: 'uint8', data: new Uint8Array(voxels) });
  await writeFile(path.join(dir, 'tpl_dseg.tsv'), 'index\tname\n1\tV1\n2\tFFA\n');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** An image as fMRIPrep leaves it; the entities are all of its name but `sub`. */
async function scan(sub: string, entities: string, { tr = 1.5, volumes = 40, confounds = true } = {}) {
  const func = path.join(dir, 'study', 'derivatives', 'fmriprep', `sub-${sub}`, 'func');
  await mkdir(func, { recursive: true });
  const stem = path.join(func, `sub-${sub}_${entities}`);
  const data = new Float32Array(volumes * voxels);
  const timed = tr > 0 ? { tr } : {};
  await writeImage(`${stem}_desc-preproc_bold.nii.gz`, { grid, datatype: 'float32', data, volumes, ...timed });
  if (tr > 0) await writeFile(`${stem}_desc-preproc_bold.json`, JSON.stringify({ RepetitionTime: tr }));
  await writeImage(`${stem}_desc-brain_mask.nii.gz`, { grid, datatype: 'uint8', data: new Uint8Array(voxels).fill(1) });
  if (!confounds) return;
  const bare = stem.replace(/_(space|res)-[^_]+/g, '');
  await writeFile(`${bare}_desc-confounds_timeseries.tsv`, 'trans_x\n0\n');
}

const written = async (file: string) => readFile(path.join(dir, file), 'utf8');
const all = ['--bids', 'study', '--movie', 'film.mp4', '--weights', 'synthetic'];
const flagsOf = (template: string) =>
  template === 'own-regressors'
    ? ['--bids', 'study', '--series', 'ratings.tsv']
    : template === 'encoding'
      ? all
      : [...all, '--atlas', 'tpl_res-02_dseg.nii.gz'];

beforeEach(() => rm(path.join(dir, 'study'), { recursive: true, force: true }));

describe('every template', () => {
  it.each(names)('%s is valid and in canonical form', async (template) => {
    const file = path.join('workflows', `${template}.yaml`);
    expect(await voxreel(root, 'validate', '--no-inputs', '--strict', file)).toMatchObject({ code: 0, stderr: '' });
    expect(await voxreel(root, 'fmt', '--check', file)).toMatchObject({ code: 0 });
  });

  it.each(names)('%s is valid with what was found, and in canonical form', async (template) => {
    for (const sub of ['01', '02']) await scan(sub, 'task-film_space-MNI152NLin6Asym');
    const file = `sub/${template}/mine.yaml`;
    const ended = await voxreel(dir, 'init', file, '--template', template, ...flagsOf(template));
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).not.toContain('to do');
    expect(await voxreel(dir, 'validate', '--strict', file)).toMatchObject({ code: 0, stderr: '' });
    expect(await voxreel(dir, 'fmt', '--check', file)).toMatchObject({ code: 0 });
    const text = await written(file);
    expect(text).not.toMatch(/TO DO|put in place|study\.yaml/);
    const { params, inputs } = parse(text);
    expect(params.tr).toBe(1.5);
    const bold = { type: 'bids', path: '../../study', task: 'film', space: 'MNI152NLin6Asym' };
    expect(inputs.bold).toEqual(bold);
    if (template === 'sohn-2024') expect(params).toMatchObject({ drop: 0, samples: 40 });
    if (template === 'roi') expect(params.regions).toEqual(['V1']);
  });

  it.each(names)('%s without flags says what is to be done, and keeps all else of the template', async (template) => {
    const file = `bare-${template}.yaml`;
    const { code, stdout } = await voxreel(dir, 'init', file, '--template', template);
    expect(code).toBe(0);
    const text = await written(file);
    expect(text).toMatch(/^# yaml-language-server: \$schema=file:\/\/\S+\/workflow\.schema\.json\n/);
    const original = await readFile(path.join(root, 'workflows', `${template}.yaml`), 'utf8');
    const lines = text.split('\n').filter((line) => !line.includes('TO DO'));
    expect(lines.slice(1).join('\n').replaceAll(file, 'study.yaml')).toBe(original.slice(original.indexOf('\n') + 1));
    expect(text.match(/TO DO/g)).toHaveLength(stdout.match(/to do: /g)!.length);
    const { stderr } = await voxreel(dir, 'validate', file);
    expect(stderr).toContain(`${template === 'own-regressors' ? 'series.tsv' : '.mp4'} does not exist`);
    expect(stderr).toContain('derivatives/fmriprep does not exist');
  });
});

describe('voxreel init', () => {
  it('never replaces a file without --force, nor a folder', async () => {
    await writeFile(path.join(dir, 'kept.yaml'), 'mine');
    const refused = await voxreel(dir, 'init', 'kept.yaml');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('left as it is');
    expect(await written('kept.yaml')).toBe('mine');
    expect(await voxreel(dir, 'init', 'kept.yaml', '--force')).toMatchObject({ code: 0 });
    expect(await written('kept.yaml')).toContain('name: sohn-2024');
    const folder = await voxreel(dir, 'init', '.', '--force');
    expect(folder.code).toBe(2);
    expect(folder.stderr).toContain('is a folder');
  });

  it('tells how long the movie, the scans and the series are, and where the time between them is said', async () => {
    await scan('01', 'task-film_space-T1w');
    const movie = await voxreel(dir, 'init', 'long.yaml', ...all);
    expect(movie.stdout).toContain('4 s, 64 x 48 pixels');
    expect(movie.stdout).toContain('40 volumes, TR 1.5 s (60 s)');
    expect(movie.stdout).toMatch(
      /The scans last 56 s longer than the movie\. See that this fits your scans:\n {2}drop: 0 +# volumes before the movie starts/,
    );
    const flags = ['--template', 'own-regressors', '--series', 'ratings.tsv'];
    const series = await voxreel(dir, 'init', 'rated.yaml', ...flags);
    expect(series.stdout).toContain('2 series of 1 values, taken to be one for each TR');
    expect(series.stdout).not.toContain('See that this fits');
    await writeFile(path.join(dir, 'ratings.json'), '{ "repetition_time": 0.5 }');
    const told = await voxreel(dir, 'init', 'rated.yaml', ...flags, '--force').finally(() =>
      rm(path.join(dir, 'ratings.json')),
    );
    expect(told.stdout).toContain('2 series of 1 values, one for each 0.5 s');
    expect(parse(await written('rated.yaml')).inputs.series).toEqual({ type: 'series', path: 'ratings.tsv' });
  });

  it('takes the film before rest, a common space before others, and names what else there is', async () => {
    for (const sub of ['01', '02', '03']) await scan(sub, 'task-rest_space-MNI152NLin2009cAsym');
    for (const sub of ['01', '02']) {
      for (const space of ['_space-T1w', '_space-MNI152NLin6Asym_res-1', '_space-MNI152NLin6Asym_res-2', '']) {
        await scan(sub, `task-film${space}`);
      }
    }
    const { stdout } = await voxreel(dir, 'init', 'several.yaml', '--template', 'own-regressors', '--bids', 'study');
    const text = await written('several.yaml');
    expect(parse(text).inputs.bold).toEqual({
      type: 'bids',
      path: 'study',
      task: 'film',
      space: 'MNI152NLin6Asym',
      entities: { res: '1' },
    });
    for (const where of [stdout, text]) {
      expect(where).toContain('2 subjects, 2 images of 40 volumes, TR 1.5 s');
      expect(where).toContain('also there: task rest; space native, T1w; res 2');
    }
  });

  it('takes the task of the template where it is there', async () => {
    await scan('01', 'task-pixar_space-T1w', { volumes: 168, tr: 2 });
    for (const sub of ['01', '02']) await scan(sub, 'task-other_space-T1w');
    await voxreel(dir, 'init', 'pixar.yaml', '--bids', 'study/derivatives/fmriprep');
    const { params, inputs } = parse(await written('pixar.yaml'));
    expect(inputs.bold).toMatchObject({ task: 'pixar', space: 'T1w' });
    expect(params).toMatchObject({ tr: 2, drop: 5, samples: 163 });
  });

  it('tells of images without a repetition time, with several, and without confounds', async () => {
    await scan('01', 'task-film_space-T1w', { tr: 0, confounds: false });
    const none = await voxreel(dir, 'init', 'none.yaml', '--bids', 'study');
    expect(none.stdout).toContain('no repetition time in sidecars or headers: add "tr: …"');
    expect(none.stdout).toContain('1 image without confounds');
    expect(parse(await written('none.yaml')).params.tr).toBe(2);
    await scan('01', 'task-film_space-T1w', { tr: 3 });
    for (const sub of ['02', '03']) await scan(sub, 'task-film_space-T1w', { volumes: 41 });
    const two = await voxreel(dir, 'init', 'two.yaml', '--bids', 'study');
    expect(two.stdout).toContain('3 subjects, 3 images of 40 to 41 volumes');
    expect(two.stdout).toContain('repetition times differ (1.5, 3 s)');
    expect(parse(await written('two.yaml')).params).toMatchObject({ tr: 1.5, samples: 163 });
  });

  it.each([
    ['a folder that is not there', ['--bids', 'stuby'], /--bids: .*stuby does not exist[\s\S]*it holds study/],
    ['a folder without subjects', ['--bids', 'study/derivatives/fmriprep/sub-01'], /no subjects \(sub-…\)/],
    ['a file in its place', ['--bids', 'film.mp4'], /film\.mp4 is a file/],
    ['a movie that is not there', ['--movie', 'flim.mp4'], /--movie: .*flim\.mp4 does not exist/],
    ['a movie that is none', ['--movie', 'ratings.tsv'], /ratings\.tsv: ffmpeg cannot decode this file/],
    ['weights that are none', ['--weights', 'ratings.tsv'], /ratings\.tsv/],
    ['an atlas without its table', ['--atlas', 'study/derivatives/fmriprep/sub-01/func/lone.nii.gz'], /lone\.nii\.gz/],
    ['a flag that the template does not know', ['--series', 'ratings.tsv'], /sohn-2024 has no use for --series/],
  ])('refuses %s and writes nothing', async (_, flags, message) => {
    await scan('01', 'task-film_space-T1w');
    const { code, stderr } = await voxreel(dir, 'init', 'refused.yaml', ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    await expect(written('refused.yaml')).rejects.toThrow('ENOENT');
  });

  it('tells raw images from preprocessed ones', async () => {
    await scan('01', 'task-film_space-T1w');
    const func = path.join(dir, 'study', 'derivatives', 'fmriprep', 'sub-01', 'func');
    const image = path.join(func, 'sub-01_task-film_space-T1w_desc-preproc_bold.nii.gz');
    await rename(image, path.join(func, 'sub-01_task-film_bold.nii.gz'));
    const { code, stderr } = await voxreel(dir, 'init', 'refused.yaml', '--bids', 'study');
    expect(code).toBe(2);
    expect(stderr).toContain('the 1 BOLD image found is not preprocessed');
  });

  it('writes the name of known weights, fetched or not', async () => {
    const { stdout } = await voxreel(dir, 'init', 'known.yaml', '--weights', 'vgg16-keras');
    expect(stdout).toContain('fetched: vgg16-keras');
    expect(parse(await written('known.yaml')).inputs.weights).toEqual({ type: 'weights', fetched: 'vgg16-keras' });
  });
});

describe('who is asked', () => {
  function at(...answers: string[]) {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const person = personAt({ input, output });
    for (const answer of answers) input.write(`${answer}\n`);
    const said = async () => {
      person.close();
      output.end();
      return textOf(output);
    };
    return { person, said };
  }

  it('hears what is wrong with an answer, and is asked again', async () => {
    const { person, said } = at('nope', '  film.mp4 ');
    const accept = async (answer: string) => {
      if (answer === 'nope') throw new UserError({ message: 'nope does not exist' });
      return { answer };
    };
    expect(await person.ask('Movie?', accept)).toEqual({ answer: 'film.mp4' });
    const text = await said();
    expect(text).toContain('nope does not exist');
    expect(text.match(/Movie\?/g)).toHaveLength(2);
  });

  it('may leave an answer empty: later, or the first choice', async () => {
    const { person, said } = at('', '', 'T2w', 'T1w');
    expect(await person.ask('Movie?', async () => 1)).toBeUndefined();
    expect(await person.choose('task', ['film', 'rest'])).toBe('film');
    expect(await person.choose('space', ['MNI', 'T1w'])).toBe('T1w');
    expect(await said()).toContain('One of MNI, T1w');
  });

  it.each([
    ["'/data/my film.mp4' ", '/data/my film.mp4'],
    ['"my film.mp4"', 'my film.mp4'],
    ['my\\ film.mp4', 'my film.mp4'],
    ['~/film.mp4', path.join(os.homedir(), 'film.mp4')],
    ["it's.mp4", "it's.mp4"],
    ['synthetic', 'synthetic'],
  ])('may type or drop a path as terminals have it: %s', async (typed, meant) => {
    const { person } = at(typed);
    expect(await person.ask('Movie?', async (answer) => ({ answer }))).toEqual({ answer: meant });
    person.close();
  });

  it('may stop, and nothing is written', async () => {
    const { person, said } = at();
    const asked = person.ask('Movie?', async () => 1);
    await said();
    await expect(asked).rejects.toThrow('stopped: nothing is written');
  });

  it('may complete paths', () => {
    expect(completePath(path.join(root, 'workf'))).toEqual([[path.join(root, 'workflows/')], path.join(root, 'workf')]);
    const home = os.homedir();
    expect(completePath('~/')[0]).toEqual(completePath(`${home}/`)[0].map((name) => name.replace(home, '~')));
    expect(completePath('/no such folder/x')).toEqual([[], '/no such folder/x']);
  });
});
