import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ArtifactType } from '../../artifacts/artifact.js';
import { hashFile } from '../../cache/digest.js';
import { openStore } from '../../cache/store.js';
import { ownedName } from '../../cache/work-folders.js';
import { takeTurn } from '../../engine/publishing-turn.js';
import { safeName, stemsOf } from '../../engine/result-names.js';
import { UNFINISHED } from '../../engine/results-manifest.js';
import { sidecarOwners } from '../../engine/sidecar.js';
import { smallDisk } from '../support/full-disk.js';
import { filesBelow, makeStudy, type Ran, type Study, tinyRegistry, wait } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const YAML = `voxreel: 1
name: study
params: { end: "!" }
inputs:
  people: { type: people, path: people }
steps:
  each: { uses: append, foreach: inputs.people, in: { text: item.text }, with: { suffix: "\${params.end}" } }
  all: { uses: join, in: { texts: steps.each } }
outputs: { each: steps.each, all: steps.all }
experiments: { question: { end: "?" } }
`;

async function start(): Promise<Ran> {
  study = await makeStudy(YAML);
  await study.write('people/sub-01.txt', 'One');
  await study.write('people/sub-02.txt', 'Two');
  return study.run();
}

/** What says how the results came to be. */
const ABOUT = ['methods.md', 'references.bib', 'ro-crate-metadata.json', 'study.yaml'];

const published = (result: Ran) =>
  Object.fromEntries(
    result.events.flatMap((event) => (event.type === 'published' ? [[event.output, event.written]] : [])),
  );
const at = (...parts: string[]) => path.join(study.dir, 'results/study/default', ...parts);

describe('published results', () => {
  it('have names of their members and sidecars that say what they are and what made them', async () => {
    const result = await start();
    expect(await filesBelow(path.join(study.dir, 'results'))).toEqual([
      'study/default/.voxreel.json',
      'study/default/all/all.json',
      'study/default/all/all.txt',
      ...['01', '02'].flatMap((sub) => [`study/default/each/sub-${sub}.json`, `study/default/each/sub-${sub}.txt`]),
      ...ABOUT.map((file) => `study/default/${file}`),
    ]);
    expect(await readFile(at('each/sub-02.txt'), 'utf8')).toBe('Two!');
    const sidecar = JSON.parse(await readFile(at('each/sub-02.json'), 'utf8'));
    expect(sidecar).toMatchObject({
      Description: 'A text.',
      Units: 'letters',
      Letters: 4,
      Step: 'append',
      Instance: 'each[sub-02]',
      Parameters: { suffix: '!' },
      Digest: result.outputs.get('each')![1]!.digest,
      VoxreelVersion: JSON.parse(await readFile('package.json', 'utf8')).version,
    });
    expect(existsSync(path.join(study.dir, '.voxreel/records', sidecar.Key.slice(0, 2), `${sidecar.Key}.json`))).toBe(
      true,
    );
  });

  it('are not touched when nothing changed', async () => {
    await start();
    const before = await stat(at('each/sub-01.txt'));
    const again = await study.run();
    expect(published(again)).toEqual({ each: 0, all: 0 });
    const after = await stat(at('each/sub-01.txt'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it('are written again one by one when they changed or are gone, and only those', async () => {
    await start();
    await rm(at('each/sub-01.json'));
    expect(published(await study.run())).toEqual({ each: 2, all: 0 });
    await study.write('people/sub-02.txt', 'Zwei');
    expect(published(await study.run())).toEqual({ each: 2, all: 2 });
    expect(await readFile(at('each/sub-02.txt'), 'utf8')).toBe('Zwei!');
  });

  it('of an experiment have a folder of their own', async () => {
    await start();
    await study.run({ experiment: 'question' });
    expect(await readFile(at('../question/all/all.txt'), 'utf8')).toBe('sub-01=One? sub-02=Two?');
    expect(await readFile(at('all/all.txt'), 'utf8')).toBe('sub-01=One! sub-02=Two!');
  });

  it('that no one asks for any more are removed; what the user put there stays', async () => {
    await start();
    await writeFile(at('all/notes.md'), 'mine');
    await rm(path.join(study.dir, 'people/sub-02.txt'));
    await study.write('study.yaml', YAML.replace(', all: steps.all', ''));
    await study.run();
    const files = ['.voxreel.json', 'all/notes.md', 'each/sub-01.json', 'each/sub-01.txt', ...ABOUT];
    expect(await filesBelow(at())).toEqual(files);
  });

  it('leave no temporary folder, and those of killed runs are removed at once', async () => {
    await start();
    // The name says whose it is; no process of this machine has this number.
    const owned = ownedName().split('-');
    const leftover = at(UNFINISHED, [owned[0], 99_999_999, ...owned.slice(2)].join('-'), '0');
    await mkdir(leftover, { recursive: true });
    await writeFile(path.join(leftover, 'half.nii.gz'), 'x');
    await study.run();
    expect((await readdir(at())).sort()).toEqual(['.voxreel.json', 'all', 'each', ...ABOUT]);
  });

  it('that are being written by another run stay', async () => {
    await start();
    const working = at(UNFINISHED, ownedName());
    await mkdir(working, { recursive: true });
    await study.write('people/sub-02.txt', 'Zwei');
    await study.run();
    expect(existsSync(working)).toBe(true);
  });

  it('of two studies that publish into one folder at once are those of one or the other, as listed', async () => {
    const text = tinyRegistry().artifacts.get('text')!;
    const slow: ArtifactType = {
      ...text,
      async publish(...args) {
        const files = await text.publish!(...args);
        await wait(20 * Math.random());
        return files;
      },
    };
    study = await makeStudy(YAML, [], [slow]);
    await study.write('people/sub-01.txt', 'One');
    await study.write('people/sub-02.txt', 'Two');
    // Files of the same sizes with another content, and an output less.
    await study.write('other.yaml', YAML.replace('{ end: "!" }', '{ end: "?" }').replace(', all: steps.all', ''));
    for (let round = 0; round < 8; round++) {
      const runs = await Promise.all([study.run(), study.run({ file: 'other.yaml' }), study.run()]);
      expect(runs.map(({ ok }) => ok)).toEqual([true, true, true]);
      const { outputs, description } = JSON.parse(await readFile(at('.voxreel.json'), 'utf8'));
      const listed: Record<string, string> = {};
      const list = (folder: string, files: readonly [string, number, string][]) => {
        for (const [file, , digest] of files) listed[path.join(folder, file)] = digest;
      };
      list('', description.files);
      for (const [output, entries] of Object.entries<Record<string, { files: [string, number, string][] }>>(outputs))
        for (const entry of Object.values(entries)) list(output, entry.files);
      const files = (await filesBelow(at())).filter((file) => file !== '.voxreel.json');
      const there = await Promise.all(files.map(async (file) => [file, (await hashFile(at(file))).digest]));
      expect(Object.fromEntries(there)).toEqual(listed);
      const ends = await Promise.all(['01', '02'].map((sub) => readFile(at(`each/sub-${sub}.txt`), 'utf8')));
      expect(new Set(ends.map((text) => text.at(-1))).size).toBe(1);
    }
  });

  it('wait for a run that publishes into the folder, and not for one that is dead', async () => {
    await start();
    await study.write('people/sub-02.txt', 'Zwei');
    const options = { emit: () => {}, signal: new AbortController().signal, leaseTiming: undefined };
    const turn = (await takeTurn(at(), options))!;
    let released = false;
    const next = study.run({
      onEvent({ type }) {
        if (type === 'published') expect(released).toBe(true);
        if (type !== 'waiting') return;
        released = true;
        void turn.release();
      },
    });
    expect(await next).toMatchObject({ ok: true });
    expect(released).toBe(true);
    expect(await readFile(at('each/sub-02.txt'), 'utf8')).toBe('Zwei!');

    const left = at(UNFINISHED, 'leases/results.0');
    await mkdir(path.dirname(left), { recursive: true });
    await writeFile(left, '{}');
    const hourAgo = Date.now() / 1000 - 3600;
    await utimes(left, hourAgo, hourAgo);
    await study.write('people/sub-02.txt', 'Deux');
    expect((await study.run()).events.map(({ type }) => type)).not.toContain('waiting');
    expect(await readFile(at('each/sub-02.txt'), 'utf8')).toBe('Deux!');
    expect(existsSync(at(UNFINISHED))).toBe(false);
  });

  it('are given up when the run is told to stop, and nothing of them is left', async () => {
    study = await makeStudy(YAML);
    await study.write('people/sub-01.txt', 'One');
    const controller = new AbortController();
    const { steps, artifacts } = tinyRegistry();
    const slow: ArtifactType = {
      ...artifacts.get('text')!,
      async publish(_, { dir, stem }) {
        await writeFile(path.join(dir, `${stem}.txt`), 'half');
        setTimeout(() => controller.abort(), 20);
        return new Promise(() => {});
      },
    };
    const registry = { steps, artifacts: new Map([...artifacts, ['text', slow]]) };
    const result = await study.run({ registry, signal: controller.signal });
    expect(result).toMatchObject({ ok: false, interrupted: true, ran: 2, failed: 0 });
    expect(await filesBelow(at())).toEqual([]);
    expect(existsSync(at(UNFINISHED))).toBe(false);
    expect(await study.run()).toMatchObject({ ok: true, ran: 0 });
    expect(await readFile(at('each/sub-01.txt'), 'utf8')).toBe('One!');
  });

  it('in a folder that cannot be made are an error before anything runs', async () => {
    study = await makeStudy(YAML);
    await study.write('people/sub-01.txt', 'One');
    await study.write('notes', 'mine');
    const results = path.join(study.dir, 'notes');
    await expect(study.run({ resultsDir: results })).rejects.toMatchObject({
      problems: [{ message: 'the results folder cannot be made: a file is in its place', place: { file: results } }],
    });
    expect(await filesBelow(path.join(study.dir, '.voxreel', 'records'))).toEqual([]);
  });

  it('never mistake the files of an interrupted publication for current ones', async () => {
    await start();
    // As after a kill between moving a file in and listing it: the manifest has forgotten the entry.
    const manifest = JSON.parse(await readFile(at('.voxreel.json'), 'utf8'));
    delete manifest.outputs.each['sub-01'];
    await writeFile(at('.voxreel.json'), JSON.stringify(manifest));
    await writeFile(at('each/sub-01.txt'), 'Bad!');
    expect(published(await study.run())).toEqual({ each: 2, all: 0 });
    expect(await readFile(at('each/sub-01.txt'), 'utf8')).toBe('One!');
  });

  it('are written anew by another version of voxreel', async () => {
    await start();
    const manifest = JSON.parse(await readFile(at('.voxreel.json'), 'utf8'));
    await writeFile(at('.voxreel.json'), JSON.stringify({ ...manifest, voxreel: '0.0.1' }));
    expect(published(await study.run())).toEqual({ each: 4, all: 2 });
  });

  it('that do not fit on the disk fail with the folder named; the run keeps what it made', async ({ skip }) => {
    const disk = smallDisk(1);
    if (!disk) return skip('no permission to mount');
    try {
      study = await makeStudy(YAML);
      await study.write('people/sub-01.txt', 'x'.repeat(700_000));
      const result = await study.run({ resultsDir: disk.dir });
      expect(result).toMatchObject({ ok: false, ran: 2 });
      const failed = result.events.flatMap((event) => (event.type === 'failed' ? [event] : []));
      expect(failed.map(({ instance }) => instance)).toEqual(['outputs.all']);
      expect(failed[0]!.problems[0]).toMatchObject({ message: 'the disk of the results folder is full' });
      expect(failed[0]!.stack).toBeUndefined();
      const elsewhere = await study.run();
      expect(elsewhere).toMatchObject({ ok: true, ran: 0 });
    } finally {
      disk.remove();
    }
  });
});

describe('a run whose cache is on a full disk', () => {
  it('fails with the folder named, and goes on from there when there is room', async ({ skip }) => {
    const disk = smallDisk(2);
    if (!disk) return skip('no permission to mount');
    try {
      study = await makeStudy(YAML);
      await study.write('people/sub-01.txt', 'small');
      await study.write('people/sub-02.txt', 'x'.repeat(3 << 20));
      const store = await openStore(disk.dir);
      const result = await study.run({ store, keepGoing: true, jobs: 1 });
      expect(result).toMatchObject({ ok: false, ran: 1, failed: 1, skipped: 1 });
      const failed = result.events.find((event) => event.type === 'failed');
      expect(failed).toMatchObject({
        instance: 'each[sub-02]',
        problems: [{ message: 'the disk of the cache folder is full', place: { file: disk.dir } }],
      });
      expect(await readdir(path.join(disk.dir, 'tmp'))).toEqual([]);
      await study.write('people/sub-02.txt', 'smaller');
      const again = await study.run({ store: await openStore(disk.dir) });
      expect(again.ok).toBe(true);
      expect(again.worked).toEqual(['all', 'each[sub-02]']);
    } finally {
      disk.remove();
    }
  });
});

describe('names of results', () => {
  it('are BIDS entities in the order of BIDS, else labels, else the name of the output', () => {
    expect(stemsOf('fit', [{ label: 'x', entities: { run: '2', task: 'pixar', sub: '01', own: 'a' } }])).toEqual([
      'sub-01_task-pixar_run-2_own-a',
    ]);
    expect(stemsOf('fit', [{ label: 'first half' }, {}])).toEqual(['first-half', 'fit']);
  });

  it('differ where entities do not', () => {
    const entities = { sub: '01' };
    expect(
      stemsOf('fit', [
        { label: 'sub-01_run-1', entities },
        { label: 'sub-01_run-2', entities },
      ]),
    ).toEqual(['sub-01_run-1', 'sub-01_run-2']);
  });

  it('cannot leave their folder', () => {
    expect(safeName('../../etc/passwd')).toBe('-..-etc-passwd');
    expect(safeName('..')).toBe('unnamed');
  });

  it('of sidecars are those of BIDS: one for the forms of one thing, and never over a published file', () => {
    const names = ['a.nii.gz', 'b.png', 'b.svg', 'c.json', 'c.tsv', 'd.v2.tsv', 'deep/a.tsv'];
    expect(Object.fromEntries(sidecarOwners(names))).toEqual({
      'a.json': 'a.nii.gz',
      'b.json': 'b.png',
      'd.v2.json': 'd.v2.tsv',
      'deep/a.json': 'deep/a.tsv',
    });
  });
});
