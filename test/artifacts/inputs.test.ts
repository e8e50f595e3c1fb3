import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Artifact, ArtifactType, ResolvedInput, ResolvedItem } from '../../artifacts/artifact.js';
import { atlasType, readAtlas } from '../../artifacts/atlas.js';
import { boldType, readBold } from '../../artifacts/bold.js';
import { eventsType, readEvents } from '../../artifacts/events.js';
import { imageType, maskType } from '../../artifacts/image-types.js';
import { writeNpy } from '../../artifacts/npy.js';
import { confoundsType, fileType, videoType } from '../../artifacts/plain-types.js';
import { readRegressors, regressorsType } from '../../artifacts/regressors.js';
import { readSeries, seriesType } from '../../artifacts/series.js';
import { artifactTypes } from '../../artifacts/types.js';
import { videosType } from '../../artifacts/videos.js';
import { tempFolder } from '../support/folders.js';
import { int16Series, niftiBytes, type RawNifti } from './nifti-bytes.js';

const folder = tempFolder();

async function resolve(type: ArtifactType, spec: Record<string, unknown>): Promise<Artifact> {
  const resolved = (await type.input!.resolve(spec, { baseDir: folder.path, name: 'mine' })) as ResolvedInput;
  expect(resolved.type).toBe(type.name);
  return { digest: '', meta: {}, ...resolved };
}

const write = (name: string, content: string | Buffer) => writeFile(folder.at(name), content);
const image = (name: string, changes: Partial<RawNifti> = {}) =>
  write(name, niftiBytes(int16Series([2, 2, 1, 3], changes)));

describe('every input', () => {
  it('that names a file says so when it is missing, a folder, or not given by its right name', async () => {
    await mkdir(folder.at('folder'), { recursive: true });
    const others: Record<string, unknown> = { labels: 'labels.tsv', interval: 1, tr: 1 };
    for (const type of artifactTypes) {
      if (!type.input || type.input.items) continue;
      const spec = Object.fromEntries(Object.entries(others).filter(([key]) => key in type.input!.properties));
      const missing = resolve(type, { ...spec, path: 'folder/none.nii.gz' });
      await expect(missing, type.name).rejects.toThrow(/none\.nii\.gz does not exist.*The folder .*folder exists/s);
      await expect(resolve(type, { ...spec, path: 'folder/none.nii.gz' })).rejects.toMatchObject({
        name: 'UserError',
        problems: [{ keys: ['path'] }],
      });
      await expect(resolve(type, { ...spec, path: 'folder' }), type.name).rejects.toThrow(/folder is a folder/);
    }
  });

  it('that is missing is told with the nearest name that is there, and where a link leads', async () => {
    await write('film_v2.mp4', 'x');
    await expect(resolve(videoType, { path: 'film_v1.mp4' })).rejects.toThrow(/exists; it holds film_v2\.mp4\./);
    await symlink('/nowhere/film.mp4', folder.at('link.mp4'));
    await expect(resolve(videoType, { path: 'link.mp4' })).rejects.toThrow(/link to \/nowhere\/film\.mp4, which/);
    await symlink('.git/annex/objects/aa/bb/MD5E-s9--cc.mp4', folder.at('annex.mp4'));
    await expect(resolve(videoType, { path: 'annex.mp4' })).rejects.toThrow(/git-annex link[\s\S]*datalad get/);
  });

  it('declares its properties with descriptions, and requires only declared ones', () => {
    for (const { name, input, description } of artifactTypes) {
      expect(description, name).not.toBe('');
      for (const [key, property] of Object.entries(input?.properties ?? {})) {
        expect(property.description, `${name}.${key}`).toMatch(/\.$/);
      }
      for (const key of input?.required ?? []) expect(input!.properties).toHaveProperty(key);
    }
  });

  it('has a name of its own', () => {
    const names = artifactTypes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a collection of movies', () => {
  const items = async (files: unknown) =>
    (await videosType.input!.resolve({ files }, { baseDir: folder.path, name: 'movies' })) as ResolvedItem[];

  it('has an item per movie, with its annotations where they are named', async () => {
    for (const name of ['a.mp4', 'b.mp4', 'faces.tsv']) await write(name, 'x');
    const found = await items({ part1: 'a.mp4', part2: { video: 'b.mp4', annotations: 'faces.tsv' } });
    expect(found.map(({ label, ports }) => [label, Object.keys(ports)])).toEqual([
      ['part1', ['video']],
      ['part2', ['video', 'annotations']],
    ]);
    expect(found[1]!.ports.annotations).toMatchObject({
      type: 'table',
      files: { 'table.tsv': folder.at('faces.tsv') },
    });
    expect(found[0]!.ports.video).toMatchObject({
      type: 'video',
      label: 'part1',
      files: { video: folder.at('a.mp4') },
    });
  });

  it('names every file that is missing, at its place', async () => {
    await expect(items({ part1: 'none.mp4', part2: { video: 'a.mp4', annotations: 'no.tsv' } })).rejects.toMatchObject({
      problems: [{ keys: ['files', 'part1'] }, { keys: ['files', 'part2', 'annotations'] }],
    });
  });
});

describe('events', () => {
  const read = async (text: string) => {
    await write('events.tsv', text.replaceAll(' ', '\t'));
    return readEvents(await resolve(eventsType, { path: 'events.tsv' }));
  };

  it('are read as BIDS has them: a duration of 0 or n/a says nothing', async () => {
    const rows = await read(
      'onset duration trial_type stim_file start\n-1.5 10 film a/b.mp4 2\n3 n/a n/a n/a n/a\n4 0 x n/a 0\n',
    );
    expect(rows).toEqual([
      {
        onset: -1.5,
        duration: 10,
        start: 2,
        names: { stim_file: 'a/b.mp4', trial_type: 'film' },
        place: 'events.tsv, line 2',
      },
      { onset: 3, duration: null, start: 0, names: {}, place: 'events.tsv, line 3' },
      { onset: 4, duration: null, start: 0, names: { trial_type: 'x' }, place: 'events.tsv, line 4' },
    ]);
  });

  it('without onsets, or with lengths below 0, are errors at their line', async () => {
    await expect(read('time duration\n1 2\n')).rejects.toThrow(/no column "onset"/);
    await expect(read('onset duration\n1 2\nn/a 2\n')).rejects.toThrow(/events\.tsv:3[\s\S]*without onset/);
    await expect(read('onset duration\n1 -2\n')).rejects.toThrow(/events\.tsv:2[\s\S]*negative duration/);
  });
});

describe('a series of the user’s own', () => {
  it('has its interval and layers from the workflow file', async () => {
    await write('own.tsv', 'b\ta\tc\n1\t2\t3\n4\t5\t6\n');
    const layers = { X: ['a', 'b'], Y: ['c'] };
    const series = await readSeries(await resolve(seriesType, { path: 'own.tsv', interval: 2, layers }));
    expect(series).toMatchObject({ samples: 2, interval: 2 });
    // Columns stay in the order of the file; numbers follow the layer's own list.
    expect(series.kernels).toEqual([
      { name: 'b', layer: 'X', kernel: 2 },
      { name: 'a', layer: 'X', kernel: 1 },
      { name: 'c', layer: 'Y', kernel: 1 },
    ]);
    expect([...series.values]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('without layers is one layer, named like the input; CSV reads as TSV does', async () => {
    await write('own.csv', 'a,b\n1,2\n');
    const series = await readSeries(await resolve(seriesType, { path: 'own.csv', interval: 1 }));
    expect(series.kernels.map(({ layer, kernel }) => [layer, kernel])).toEqual([
      ['mine', 1],
      ['mine', 2],
    ]);
  });

  it('may come as an array with names, rows of samples or of kernels', async () => {
    await writeNpy(folder.at('own.npy'), [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
    const rows = await readSeries(await resolve(seriesType, { path: 'own.npy', interval: 1, names: ['a', 'b', 'c'] }));
    expect([...rows.values]).toEqual([1, 2, 3, 4, 5, 6]);
    const spec = { path: 'own.npy', interval: 1, names: ['a', 'b'], axes: ['kernel', 'sample'] };
    const columns = await readSeries(await resolve(seriesType, spec));
    expect(columns.samples).toBe(3);
    expect([...columns.values]).toEqual([1, 4, 2, 5, 3, 6]);
    await expect(resolve(seriesType, { path: 'own.npy', interval: 1 })).rejects.toThrow(/3 columns.*have no names/);
    await expect(resolve(seriesType, { path: 'own.npy', interval: 1, names: ['a'] })).rejects.toThrow(
      /1 names for an array of shape \[2, 3\]/,
    );
    await writeNpy(folder.at('deep.npy'), [1, 2, 3], new Float64Array(6));
    await expect(resolve(seriesType, { path: 'deep.npy', interval: 1, names: ['a'] })).rejects.toThrow(
      /shape \[1, 2, 3\]/,
    );
  });

  it('must not contradict the JSON file beside it', async () => {
    await write('side.tsv', 'a\tb\n1\t2\n');
    await write('side.json', JSON.stringify({ repetition_time: 2, layers: { X: ['a'], Y: ['b'] } }));
    expect((await resolve(seriesType, { path: 'side.tsv' })).meta.interval).toBe(2);
    expect((await resolve(regressorsType, { path: 'side.tsv', tr: 2.001 })).meta.tr).toBe(2.001);
    await expect(resolve(seriesType, { path: 'side.tsv', interval: 2.5 })).rejects.toThrow(
      /interval is 2\.5 s here and 2 s in .*side\.json/,
    );
    await expect(resolve(seriesType, { path: 'side.tsv', layers: { X: ['a', 'b'] } })).rejects.toThrow(
      /layers differ from those in/,
    );
    await write('side.json', 'nonsense');
    await expect(resolve(seriesType, { path: 'side.tsv' })).rejects.toThrow(/side\.json: not valid JSON/);
  });

  it('needs an interval, a layer for every column, and one layer only', async () => {
    await write('plain.tsv', 'a\tb\n1\t2\n');
    const spec = { path: 'plain.tsv', interval: 1 };
    await expect(resolve(seriesType, { path: 'plain.tsv' })).rejects.toThrow(
      /nothing says how much time.*"interval" in seconds/s,
    );
    await expect(resolve(seriesType, { ...spec, layers: { X: ['a'] } })).rejects.toThrow(/columns without a layer: b/);
    await expect(resolve(seriesType, { ...spec, layers: { X: ['a', 'b', 'z'] } })).rejects.toThrow(
      /names the column "z".*one of: a, b/s,
    );
    await expect(resolve(seriesType, { ...spec, layers: { X: ['a', 'b'], Y: ['a'] } })).rejects.toThrow(
      /"a" is in layer X and in layer Y/,
    );
    await expect(resolve(seriesType, { ...spec, names: ['a', 'b'] })).rejects.toThrow(/"names" is for arrays/);
    await write('plain.txt', 'a\n1\n');
    await expect(resolve(seriesType, { ...spec, path: 'plain.txt' })).rejects.toThrow(/neither table nor array/);
  });

  it('has no gaps: n/a and text are named with row and column', async () => {
    await write('gap.tsv', 'a\tb\n1\t2\n3\tn/a\n');
    const artifact = await resolve(regressorsType, { path: 'gap.tsv', tr: 1 });
    await expect(readRegressors(artifact)).rejects.toThrow(
      /gap\.tsv:3 \(b\): the value of row 2 in column "b" is missing/,
    );
    await write('gap.tsv', 'a\tb\n1\t2\n3\tx\n');
    await expect(readRegressors(artifact)).rejects.toThrow(/gap\.tsv:3 \(b\): "x" in row 2/);
  });
});

describe('images as inputs', () => {
  it('BOLD: the TR of header, sidecar and workflow file must agree', async () => {
    await image('run.nii');
    const bold = await resolve(boldType, { path: 'run.nii' });
    expect(bold).toMatchObject({ files: { 'image.nii': folder.at('run.nii') }, meta: { tr: 1.5 }, origin: 'run.nii' });
    expect(await readBold(bold)).toMatchObject({ tr: 1.5, header: { volumes: 3 } });
    await expect(resolve(boldType, { path: 'run.nii', tr: 2 })).rejects.toThrow(
      /2 s by inputs\.mine\.tr, but 1\.5 s by .*run\.nii \(pixdim\[4\]\)/,
    );
    await write('run.json', '{"RepetitionTime": 2}');
    await expect(resolve(boldType, { path: 'run.nii' })).rejects.toThrow(/2 s by .*run\.json.*but 1\.5 s/);
  });

  it('BOLD: one volume, whether 3D or 4D, is not a series', async () => {
    await image('volume.nii', { dim: [3, 2, 2, 1] });
    await expect(resolve(boldType, { path: 'volume.nii' })).rejects.toThrow(
      /dim\[0\]\): a 3D image where a series is due/,
    );
    await image('volume.nii', { dim: [4, 2, 2, 1, 1] });
    await expect(resolve(boldType, { path: 'volume.nii' })).rejects.toThrow(/dim\[4\]\): a single volume/);
  });

  it('mask and image: a mask is one volume; headers are looked at', async () => {
    await image('series.nii');
    await expect(resolve(maskType, { path: 'series.nii' })).rejects.toThrow(/the mask has 3 volumes/);
    expect((await resolve(imageType, { path: 'series.nii' })).files).toEqual({ 'image.nii': folder.at('series.nii') });
    await write('text.nii', 'text');
    await expect(resolve(imageType, { path: 'text.nii' })).rejects.toThrow(/not a NIfTI image/);
  });

  it('atlas: an image of indices with their names', async () => {
    await image('atlas.nii', { dim: [3, 2, 2, 1] });
    await write('labels.tsv', 'index\tname\tcolour\n0\tbackground\tk\n1\tV1\tr\n3\tLOC\tg\n');
    const atlas = await readAtlas(await resolve(atlasType, { path: 'atlas.nii', labels: 'labels.tsv' }));
    expect([...atlas.labels]).toEqual([0, 1, 2, 3]);
    expect(atlas.regions).toEqual([
      { index: 1, name: 'V1' },
      { index: 3, name: 'LOC' },
    ]);
    await write('twice.tsv', 'index\tname\n1\ta\n1\tb\n');
    await expect(resolve(atlasType, { path: 'atlas.nii', labels: 'twice.tsv' })).rejects.toThrow(
      /twice\.tsv:3 .*regions "a" and "b" have the same index 1/,
    );
    await write('odd.tsv', 'index\tname\n1.5\ta\n');
    await expect(resolve(atlasType, { path: 'atlas.nii', labels: 'odd.tsv' })).rejects.toThrow(/no whole number/);
    await write('none.tsv', 'value\tname\n1\ta\n');
    await expect(resolve(atlasType, { path: 'atlas.nii', labels: 'none.tsv' })).rejects.toThrow(/no column "index"/);
    await expect(resolve(atlasType, { path: 'atlas.nii', labels: 'nowhere.tsv' })).rejects.toMatchObject({
      problems: [{ keys: ['labels'] }],
    });
  });

  it('atlas: probabilities are not indices', async () => {
    await image('prob.nii', { dim: [3, 2, 2, 1], slope: 0.25 });
    await write('labels.tsv', 'index\tname\n1\tV1\n');
    const artifact = await resolve(atlasType, { path: 'prob.nii', labels: 'labels.tsv' });
    await expect(readAtlas(artifact)).rejects.toThrow(/value 0\.25 in the atlas/);
  });
});

describe('files that are passed on', () => {
  it('keep their place and their extension', async () => {
    await write('clip.mp4', 'x');
    expect((await resolve(videoType, { path: 'clip.mp4' })).files).toEqual({ video: folder.at('clip.mp4') });
    const absolute = await resolve(fileType, { path: path.resolve(folder.at('clip.mp4')) });
    expect(absolute).toMatchObject({ meta: { extension: '.mp4' }, files: { file: folder.at('clip.mp4') } });
    await write('c.tsv', 'trans_x\n1\n');
    expect((await resolve(confoundsType, { path: 'c.tsv' })).files).toEqual({ 'confounds.tsv': folder.at('c.tsv') });
  });
});
