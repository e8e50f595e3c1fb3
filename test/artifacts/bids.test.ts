import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ResolvedItem } from '../../artifacts/artifact.js';
import { bidsType } from '../../artifacts/bids.js';
import { formatBidsName, parseBidsName, sameLabel } from '../../artifacts/bids-names.js';
import { tempFolder } from '../support/folders.js';
import { int16Series, niftiBytes, type RawNifti } from './nifti-bytes.js';

const folder = tempFolder();
let trees = 0;

const boldBytes = (changes: Partial<RawNifti> = {}) => gzipSync(niftiBytes(int16Series([2, 2, 2, 3], changes)));

/** A derivatives folder of its own: paths to contents; `.nii.gz` without content is a good BOLD image (TR 1.5 s). */
async function tree(files: Record<string, string | Buffer | null>): Promise<string> {
  const root = folder.at(`tree${++trees}`);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content ?? boldBytes());
  }
  return root;
}

async function resolve(root: string, spec: Record<string, unknown> = {}, notes: string[] = []) {
  const context = { baseDir: folder.path, name: 'bold', note: (message: string) => void notes.push(message) };
  return (await bidsType.input!.resolve({ path: root, ...spec }, context)) as ResolvedItem[];
}

const preproc = (subject: string, entities: string) =>
  `sub-${subject}/func/sub-${subject}_${entities}_desc-preproc_bold.nii.gz`;
const fd = (values: readonly (number | string)[]) => `framewise_displacement\n${['n/a', ...values].join('\n')}\n`;

describe('a BIDS query', () => {
  it('tells from the JSON file beside the confounds which components belong to which mask', async () => {
    const component = (Mask: string, Retained = true) => ({ Method: 'aCompCor', Mask, Retained });
    const sidecar = {
      a_comp_cor_10: component('WM'),
      a_comp_cor_02: component('WM'),
      a_comp_cor_01: component('CSF'),
      a_comp_cor_03: component('CSF', false),
      dropped_0: component('combined'),
      trans_x: {},
    };
    const at = 'sub-01/func/sub-01_task-x_desc-confounds_timeseries';
    const root = await tree({
      [preproc('01', 'task-x')]: null,
      [preproc('02', 'task-x')]: null,
      [`${at}.tsv`]: fd([0]),
      [`${at}.json`]: JSON.stringify(sidecar),
      [`${at.replaceAll('sub-01', 'sub-02')}.tsv`]: fd([0]),
    });
    const [first, second] = await resolve(root);
    expect(first!.ports.confounds!.meta).toEqual({
      components: { CSF: ['a_comp_cor_01'], WM: ['a_comp_cor_02', 'a_comp_cor_10'] },
    });
    expect(second!.ports.confounds!.meta).toEqual({});
  });

  it('finds sessions and runs, in order, each with its own mask and confounds', async () => {
    const file = (session: string, run: number) =>
      `sub-01/ses-${session}/func/sub-01_ses-${session}_task-film_run-${run}`;
    const root = await tree({
      [`${file('b', 1)}_space-MNI_desc-preproc_bold.nii.gz`]: null,
      [`${file('a', 10)}_space-MNI_desc-preproc_bold.nii.gz`]: null,
      [`${file('a', 2)}_space-MNI_desc-preproc_bold.nii.gz`]: null,
      [`${file('a', 2)}_space-MNI_desc-brain_mask.nii.gz`]: null,
      [`${file('a', 2)}_space-T1w_desc-brain_mask.nii.gz`]: null,
      [`${file('a', 2)}_desc-confounds_timeseries.tsv`]: fd([0]),
      [`${file('b', 1)}_desc-confounds_regressors.tsv`]: fd([0]),
      'sub-02/ses-a/func/sub-02_ses-a_task-film_run-1_space-MNI_desc-preproc_bold.nii.gz': null,
    });
    const items = await resolve(root);
    expect(items.map(({ label }) => label)).toEqual([
      'sub-01_ses-a_run-2',
      'sub-01_ses-a_run-10',
      'sub-01_ses-b_run-1',
      // One session, one run: the subject alone says which.
      'sub-02',
    ]);
    expect(items[0]!.entities).toEqual({ sub: '01', ses: 'a', task: 'film', run: '2', space: 'MNI' });
    expect(items[0]!.ports.mask!.files['mask.nii.gz']).toBe(
      path.join(root, `${file('a', 2)}_space-MNI_desc-brain_mask.nii.gz`),
    );
    expect(Object.keys(items[1]!.ports)).toEqual(['bold']);
    expect(items[2]!.ports.confounds!.files['confounds.tsv']).toMatch(/_regressors\.tsv$/);

    expect((await resolve(root, { session: 'ses-a', run: [1, 2] })).map(({ label }) => label)).toEqual([
      'sub-01',
      'sub-02',
    ]);
    expect(await resolve(root, { subjects: [2] })).toHaveLength(1);
  });

  it('takes a dataset with derivatives/fmriprep, a folder with fmriprep, or the derivatives themselves', async () => {
    const root = await tree({
      [`derivatives/fmriprep/${preproc('01', 'task-x')}`]: null,
      'sub-01/func/sub-01_task-x_bold.nii.gz': 'raw, not for us',
    });
    for (const top of [root, path.join(root, 'derivatives'), path.join(root, 'derivatives/fmriprep')]) {
      expect((await resolve(top)).map(({ ports }) => path.relative(root, ports.bold!.files['image.nii.gz']!))).toEqual([
        `derivatives/fmriprep/${preproc('01', 'task-x')}`,
      ]);
    }
  });

  it('of a space, a resolution, another desc, or the scanner’s own space', async () => {
    const root = await tree({
      [preproc('01', 'task-x')]: null,
      [preproc('01', 'task-x_space-MNI_res-1')]: null,
      [preproc('01', 'task-x_space-MNI_res-2')]: null,
      'sub-01/func/sub-01_task-x_space-MNI_res-2_desc-smooth_bold.nii': niftiBytes(int16Series([2, 2, 2, 3])),
    });
    await expect(resolve(root)).rejects.toThrow(/several values of space: MNI, native.*expected: "space"/s);
    await expect(resolve(root, { space: 'MNI' })).rejects.toThrow(
      /several values of res: 1, 2.*"entities: \{ res: … \}"/s,
    );
    const [item] = await resolve(root, { space: 'MNI', entities: { res: 2 } });
    expect(item!.entities).toEqual({ sub: '01', task: 'x', space: 'MNI', res: '2' });
    expect((await resolve(root, { space: 'native' }))[0]!.entities.space).toBeUndefined();
    const [smooth] = await resolve(root, { desc: 'smooth' });
    expect(Object.keys(smooth!.ports.bold!.files)).toEqual(['image.nii']);
  });

  it('that matches nothing says what there is', async () => {
    const root = await tree({
      [preproc('01', 'task-film_space-MNI')]: null,
      [preproc('02', 'task-rest_space-T1w')]: null,
    });
    await expect(resolve(root, { task: 'movie' })).rejects.toThrow(
      /no BOLD image with task-movie.*expected: task one of: film, rest.*tasks: film, rest; spaces: MNI, T1w; desc: preproc; subjects: 01, 02/s,
    );
    await expect(resolve(root, { task: 'movie' })).rejects.toMatchObject({ problems: [{ keys: ['task'] }] });
    await expect(resolve(root, { task: 'film', space: 'T1w' })).rejects.toThrow(
      /no BOLD image with space-T1w among the 1 that the other filters leave/,
    );
    await expect(resolve(root, { task: 'film', subjects: ['01', '99'] })).rejects.toThrow(/no BOLD image with sub-99/);
    await expect(resolve(root, { run: 1 })).rejects.toThrow(/no BOLD image with run-1/);
    await expect(resolve(root)).rejects.toThrow(/several values of task: film, rest/);
  });

  it('of a folder without images, without subjects, of a file, or of nothing is refused', async () => {
    const empty = await tree({ 'sub-01/func/readme.txt': 'x' });
    await expect(resolve(empty)).rejects.toThrow(/no BOLD image \(…_bold\.nii\.gz\) below/);
    await expect(resolve(await tree({ 'a.txt': 'x' }))).rejects.toThrow(/no subjects \(sub-…\)/);
    await expect(resolve(path.join(empty, 'sub-01/func/readme.txt'))).rejects.toThrow(/readme\.txt is a file/);
    await expect(resolve(path.join(empty, 'none', 'deep'))).rejects.toThrow(
      /does not exist.*The path exists only up to/s,
    );
  });

  it('names every image that cannot be used at once', async () => {
    const volume = boldBytes({ dim: [3, 2, 2, 2] });
    const root = await tree({
      [preproc('01', 'task-x')]: volume,
      [preproc('02', 'task-x')]: null,
      [preproc('03', 'task-x')]: 'text',
    });
    await expect(resolve(root)).rejects.toMatchObject({
      problems: [
        { message: 'a 3D image where a series is due', place: { what: 'dim[0]' } },
        { message: expect.stringMatching(/not a NIfTI image/) },
      ],
    });
  });
});

describe('the repetition time of a BIDS image', () => {
  const image = preproc('01', 'task-x_space-MNI');
  const sidecar = image.replace('.nii.gz', '.json');
  const trOf = async (root: string, spec = {}) => (await resolve(root, spec))[0]!.ports.bold!.meta!.tr;

  it('is that of the sidecar beside it, where the header says nothing', async () => {
    const root = await tree({ [image]: boldBytes({ pixdim: [1, 2, 2, 2, 0] }), [sidecar]: '{"RepetitionTime": 2.2}' });
    expect(await trOf(root)).toBe(2.2);
  });

  it('is inherited from JSON files above, the nearest first', async () => {
    const silent = boldBytes({ pixdim: [1, 2, 2, 2, 0] });
    const top = { 'task-x_bold.json': '{"RepetitionTime": 3}' };
    expect(await trOf(await tree({ [image]: silent, ...top }))).toBe(3);
    const nearer = {
      'sub-01/sub-01_task-x_bold.json': '{"RepetitionTime": 2}',
      'task-y_bold.json': '{"RepetitionTime": 9}',
    };
    expect(await trOf(await tree({ [image]: silent, ...top, ...nearer }))).toBe(2);
    // The sidecar beside the image does not say it: the next one counts.
    expect(await trOf(await tree({ [image]: silent, ...top, [sidecar]: '{"TaskName": "x"}' }))).toBe(3);
    const dataset = await tree({ [`derivatives/fmriprep/${image}`]: silent, ...top });
    expect(await trOf(dataset)).toBe(3);
  });

  it('is that of the header, in its unit, where there is no sidecar', async () => {
    expect(await trOf(await tree({ [image]: boldBytes({ units: 2 | 16, pixdim: [1, 2, 2, 2, 2200] }) }))).toBe(2.2);
  });

  it('may differ by rounding, not more: both numbers and files are named', async () => {
    const close = await tree({
      [image]: boldBytes({ pixdim: [1, 2, 2, 2, 2.2001] }),
      [sidecar]: '{"RepetitionTime": 2.2}',
    });
    expect(await trOf(close)).toBe(2.2);
    const far = await tree({ [image]: null, [sidecar]: '{"RepetitionTime": 2}' });
    await expect(trOf(far)).rejects.toThrow(
      /is 2 s by .*bold\.json \(RepetitionTime\), but 1\.5 s by .*bold\.nii\.gz \(pixdim\[4\]\)/,
    );
  });

  it('that nobody says is asked for; given by the user it must not contradict', async () => {
    const silent = await tree({ [image]: boldBytes({ pixdim: [1, 2, 2, 2, 0] }) });
    await expect(trOf(silent)).rejects.toThrow(/no repetition time.*Add "tr: 2"/s);
    expect(await trOf(silent, { tr: 2 })).toBe(2);
    await expect(trOf(await tree({ [image]: null }), { tr: 2 })).rejects.toThrow(/2 s by inputs\.bold\.tr, but 1\.5 s/);
    // 2000 in an unknown unit: surely not seconds.
    const odd = await tree({ [image]: boldBytes({ units: 2, pixdim: [1, 2, 2, 2, 2000] }) });
    await expect(trOf(odd)).rejects.toThrow(/pixdim\[4\] is 2000 in an unknown unit/);
  });

  it('in a broken sidecar is an error', async () => {
    await expect(trOf(await tree({ [image]: null, [sidecar]: '{"RepetitionTime": "2"}' }))).rejects.toThrow(
      /RepetitionTime is "2"/,
    );
    await expect(trOf(await tree({ [image]: null, [sidecar]: '{' }))).rejects.toThrow(/not valid JSON/);
  });
});

describe('the events of a BIDS image', () => {
  const raw = (name: string) => `sub-01/func/sub-01_${name}_events.tsv`;
  const text = 'onset\tduration\n1\t2\n';
  const eventsOf = async (root: string, spec = {}, notes: string[] = []) =>
    (await resolve(root, spec, notes)).map(({ ports }) => ports.events);

  it('are those of the raw dataset around the derivatives, the nearest file with the most entities', async () => {
    const image = `derivatives/fmriprep/${preproc('01', 'task-x_run-1_space-MNI')}`;
    const both = { [image]: null, [raw('task-x')]: text, [raw('task-x_run-1')]: text, 'task-x_events.tsv': text };
    const root = await tree({ ...both, [raw('task-y_run-1')]: text, [raw('task-x_run-2')]: text });
    const file = path.join(root, raw('task-x_run-1'));
    expect((await eventsOf(root))[0]).toMatchObject({ type: 'events', files: { 'events.tsv': file }, label: 'sub-01' });
    // Also where the derivatives themselves are named.
    expect((await eventsOf(path.join(root, 'derivatives', 'fmriprep')))[0]!.files).toEqual({ 'events.tsv': file });
    const top = await tree({ [image]: null, 'task-x_events.tsv': text });
    expect((await eventsOf(top))[0]!.files).toEqual({ 'events.tsv': path.join(top, 'task-x_events.tsv') });
    expect(await eventsOf(await tree({ [image]: null }))).toEqual([undefined]);
  });

  it('may lie in a dataset that is named', async () => {
    const root = await tree({ [preproc('01', 'task-x')]: null });
    const dataset = await tree({ [raw('task-x')]: text });
    expect((await eventsOf(root, { events: dataset }))[0]!.files['events.tsv']).toBe(path.join(dataset, raw('task-x')));
    await expect(eventsOf(root, { events: 'nowhere' })).rejects.toMatchObject({ problems: [{ keys: ['events'] }] });
  });

  it('may be stated: each row is for the runs that it names, and rows for none are told', async () => {
    const root = await tree({
      [preproc('01', 'task-x_run-1')]: null,
      [preproc('01', 'task-x_run-02')]: null,
      [preproc('02', 'task-x_run-1')]: null,
    });
    const notes: string[] = [];
    const events = [
      { run: 1, movie: 'a', onset: 8.5 },
      { run: 2, movie: 'b', onset: 8.5, duration: 10 },
      { run: [1, 2], subject: 'sub-02', movie: 'c', onset: -2, start: 3 },
      { run: 3, onset: 1 },
    ];
    const found = await eventsOf(root, { events }, notes);
    expect(found.map((port) => port!.meta!.rows)).toEqual([
      [{ movie: 'a', onset: 8.5 }],
      [{ movie: 'b', onset: 8.5, duration: 10 }],
      [
        { movie: 'a', onset: 8.5 },
        { movie: 'c', onset: -2, start: 3 },
      ],
    ]);
    expect(found[0]!.origin).toBe('inputs.bold.events');
    expect(notes).toEqual(['events row 4: for none of the runs']);
    expect(await eventsOf(root, { events: [{ run: 2, onset: 1 }] })).toMatchObject([
      undefined,
      { meta: { rows: [{ onset: 1 }] } },
      undefined,
    ]);
  });

  it('may be one table for all runs', async () => {
    const table = (body: string) => ({
      [preproc('01', 'task-x_run-1')]: null,
      'events.tsv': body.replaceAll(' ', '\t'),
    });
    const root = await tree(table('run movie onset duration\n1 a 8.5 n/a\n2 b 3 4\n'));
    const events = path.join(root, 'events.tsv');
    expect((await eventsOf(root, { events }))[0]!.meta!.rows).toEqual([{ movie: 'a', onset: 8.5 }]);
    const misspelt = await tree(table('runs movie onset\n1 a 8.5\n'));
    await expect(eventsOf(misspelt, { events: path.join(misspelt, 'events.tsv') })).rejects.toThrow(
      /column "runs" has no meaning[\s\S]*subject, session, task, run, movie, onset/,
    );
    const without = await tree(table('run onset\n1 8.5\n1 n/a\n'));
    await expect(eventsOf(without, { events: path.join(without, 'events.tsv') })).rejects.toThrow(
      /events\.tsv:3[\s\S]*a row without onset/,
    );
  });
});

describe('exclusion by framewise displacement', () => {
  const moving = (subject: string, values: readonly (number | string)[]) => ({
    [preproc(subject, 'task-x')]: null,
    [`sub-${subject}/func/sub-${subject}_task-x_desc-confounds_timeseries.tsv`]: fd(values),
  });
  const study = {
    ...moving('01', [0.1, 0.2, 0.3, 0.2]),
    ...moving('02', [0.1, 0.1, 0.1, 0.9]),
    ...moving('03', [0.4, 0.4, 0.4, 0.4]),
  };
  const left = async (exclude: unknown, notes: string[] = []) =>
    (await resolve(await tree(study), { exclude }, notes)).map(({ label }) => label);

  it('is by mean, by largest, or by the share of volumes above a limit; n/a does not count', async () => {
    expect(await left({ mean_fd: 0.35 })).toEqual(['sub-01', 'sub-02']);
    expect(await left({ max_fd: 0.5 })).toEqual(['sub-01', 'sub-03']);
    expect(await left({ share_fd_above: { fd: 0.25, share: 0.25 } })).toEqual(['sub-01', 'sub-02']);
    // Equal to the limit is not above it.
    expect(await left({ mean_fd: 0.4 })).toEqual(['sub-01', 'sub-02', 'sub-03']);
  });

  it('is reported', async () => {
    const notes: string[] = [];
    await left({ max_fd: 0.5 }, notes);
    expect(notes).toEqual(['sub-02 is left out: largest framewise displacement 0.900 mm is above 0.5 mm']);
  });

  it('fails where it cannot be told, or leaves nobody', async () => {
    await expect(left({ mean_fd: 0 })).rejects.toThrow(/"exclude" leaves none of the 3 runs/);
    const root = await tree({ [preproc('01', 'task-x')]: null });
    await expect(resolve(root, { exclude: { mean_fd: 1 } })).rejects.toThrow(/no confounds beside/);
    const without = await tree({
      ...moving('01', [1]),
      'sub-01/func/sub-01_task-x_desc-confounds_timeseries.tsv': 'csf\n1\n',
    });
    await expect(resolve(without, { exclude: { mean_fd: 1 } })).rejects.toThrow(/no column "framewise_displacement"/);
    await rm(root, { recursive: true });
  });
});

describe('BIDS names', () => {
  it('are taken apart and put together', () => {
    const name = 'sub-01_task-a+b_space-MNI152NLin2009cAsym_desc-preproc_bold.nii.gz';
    const parsed = parseBidsName(name)!;
    expect(parsed).toEqual({
      entities: { sub: '01', task: 'a+b', space: 'MNI152NLin2009cAsym', desc: 'preproc' },
      suffix: 'bold',
      extension: '.nii.gz',
    });
    expect(formatBidsName(parsed)).toBe(name);
    expect(parseBidsName('dataset_description.json')).toBeNull();
  });

  it('hold labels with or without prefix and leading zeros', () => {
    expect(sameLabel('sub', '01', 'sub-01')).toBe(true);
    expect(sameLabel('sub', '01', 1)).toBe(true);
    expect(sameLabel('sub', '01', '10')).toBe(false);
    expect(sameLabel('task', 'a1', 'a01')).toBe(false);
  });
});
