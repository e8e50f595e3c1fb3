import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hashFile } from '../../cache/digest.js';
import { brokenRules, type Crate, type Entity } from '../support/crate-rules.js';
import { makeStudy, type Study } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const YAML = `voxreel: 1
name: study
description: Two people say something.
license: CC-BY-4.0
authors: [{ name: Ada Example, orcid: 0000-0002-1825-0097, affiliation: Institute }]
params: { end: "!" }
inputs:
  people: { type: people, path: people }
  other: { type: text, path: ../elsewhere/other text.txt }
steps:
  each: { uses: append, foreach: inputs.people, in: { text: item.text }, with: { suffix: "\${params.end}" } }
  lowered: { uses: lower, in: { text: inputs.other } }
  all: { uses: join, in: { texts: [steps.each, steps.lowered] } }
outputs: { each: steps.each, all: steps.all }
experiments: { question: { end: "?" } }
`;

const at = (...parts: string[]) => path.join(study.dir, 'study', 'results/study/default', ...parts);
const crateText = () => readFile(at('ro-crate-metadata.json'), 'utf8');
const crate = async () => JSON.parse(await crateText()) as Crate;
const withoutTimes = (text: string) => text.replace(/\d{4}-\d\d-\d\dT[\d:.+]+/g, 'TIME');

/** A study in a folder of its own, with an input outside of it. */
async function start(yaml = YAML): Promise<Crate> {
  study = await makeStudy(yaml);
  const { dir } = study;
  for (const folder of ['study/people', 'elsewhere']) await mkdir(path.join(dir, folder), { recursive: true });
  await writeFile(path.join(dir, 'study/people/sub-01.txt'), 'One');
  await writeFile(path.join(dir, 'study/people/sub-02.txt'), 'Two');
  await writeFile(path.join(dir, 'elsewhere/other text.txt'), 'Other');
  await cp(path.join(dir, 'study.yaml'), path.join(dir, 'study/study.yaml'));
  await rm(path.join(dir, 'study.yaml'));
  expect(await again()).toMatchObject({ ok: true });
  return crate();
}
const again = (options: Parameters<Study['run']>[0] = {}) => study.run({ file: 'study/study.yaml', ...options });

const find = (of: Crate, id: string) => of['@graph'].find((entity) => entity['@id'] === id)!;

describe('the crate of a results folder', () => {
  it('keeps the rules of the official validator', async () => {
    expect(brokenRules(await start(), at())).toEqual([]);
  });

  it('is accepted by the validator of ro-crate-js, with every term known', async () => {
    await start();
    expect(await byOtherProgram(at())).toEqual({ errors: [], unknown: [] });
  });

  it('says what was given, done and made, with digests that hold', async () => {
    const found = await start();
    const files = found['@graph'].filter((entity) => [entity['@type']].flat().includes('File'));
    for (const entity of files) {
      const id = decodeURIComponent(entity['@id']);
      const file = id.startsWith('#') ? undefined : at(id);
      if (!file) continue;
      expect({ sha256: entity.sha256, contentSize: entity.contentSize }, id).toEqual(await factsOf(file));
    }
    expect(found['@graph'].find(({ name }) => name === 'other text.txt')).toMatchObject(
      await factsOf(path.join(study.dir, 'elsewhere/other text.txt')),
    );
    const action = find(found, '#action/each%5Bsub-02%5D');
    expect(action).toMatchObject({ name: 'each[sub-02]', instrument: { '@id': '#tool/append' } });
    const given = (action.object as { '@id': string }[]).map((one) => find(found, one['@id']));
    expect(given.map(({ name, value }) => [name, value])).toEqual([
      ['sub-02.txt', undefined],
      ['suffix', '!'],
    ]);
    const made = (action.result as { '@id': string }[]).map((one) => one['@id']);
    expect(made).toContain('each/sub-02.txt');
    const [artifact] = made.filter((id) => id.startsWith('#artifact/'));
    expect(find(found, '#action/all').object).toContainEqual({ '@id': artifact });
    const { startTime, endTime } = action as Entity & Record<'startTime' | 'endTime', string>;
    expect(Date.parse(endTime) - Date.parse(startTime)).toBeGreaterThan(0);
    expect(Math.abs(Date.now() - Date.parse(endTime))).toBeLessThan(60_000);
    expect(find(found, '#value/end')).toMatchObject({ value: '!', exampleOfWork: { '@id': '#param/end' } });
    expect(find(found, './')).toMatchObject({
      description: 'Two people say something.',
      license: { '@id': 'https://spdx.org/licenses/CC-BY-4.0' },
      author: { '@id': 'https://orcid.org/0000-0002-1825-0097' },
    });
    expect(await readFile(at('study.yaml'), 'utf8')).toBe(YAML);
  });

  it('names nobody and no place that the workflow file does not name', async () => {
    const found = await start(YAML.replace(/^(license|authors).*\n/gm, ''));
    expect(brokenRules(found, at())).toEqual([]);
    expect(find(found, './').license).toMatch(/^No license was stated/);
    const text = await crateText();
    for (const own of [os.hostname(), os.userInfo().homedir, study.dir, path.basename(study.dir), 'elsewhere']) {
      expect(text).not.toContain(own);
    }
    expect(found['@graph'].flatMap((entity) => entity['@type'])).not.toContain('Person');
  });

  it('is not touched as long as nothing changes, and written again when it is gone', async () => {
    await start();
    const before = await stat(at('ro-crate-metadata.json'));
    await again();
    const after = await stat(at('ro-crate-metadata.json'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    const text = await crateText();
    await rm(at('ro-crate-metadata.json'));
    await again();
    expect(await crateText()).toBe(text);
  });

  it('can be written by several runs at once', async () => {
    await start();
    const text = await crateText();
    for (let round = 0; round < 10; round++) {
      await rm(at('ro-crate-metadata.json'));
      const runs = await Promise.all(Array.from({ length: 6 }, () => again()));
      expect(runs.map(({ ok }) => ok)).toEqual(Array(6).fill(true));
      expect(await crateText()).toBe(text);
      expect(existsSync(at('.unfinished'))).toBe(false);
    }
  });

  it('is the same in another folder, but for the times', async () => {
    await start();
    const first = await crateText();
    await study.remove();
    await start();
    expect(withoutTimes(await crateText())).toBe(withoutTimes(first));
    expect(await crateText()).not.toBe(first);
  });

  it('follows results, parameters and the file', async () => {
    await start();
    const digest = async () => find(await crate(), 'each/sub-01.txt').sha256;
    const before = await digest();
    await writeFile(path.join(study.dir, 'study/people/sub-01.txt'), 'Eins');
    await again();
    expect(await digest()).not.toBe(before);
    expect(brokenRules(await crate(), at())).toEqual([]);
    await writeFile(path.join(study.dir, 'study/study.yaml'), YAML.replace('Two people', 'They'));
    await again();
    expect(find(await crate(), './').description).toBe('They say something.');
    await again({ experiment: 'question' });
    const other = JSON.parse(await readFile(at('../question/ro-crate-metadata.json'), 'utf8')) as Crate;
    expect(find(other, '#value/end').value).toBe('?');
    expect(brokenRules(other, at('../question'))).toEqual([]);
  });

  it('of a run that failed in part describes what is there, and a part that is run again takes nothing away', async () => {
    await start();
    const whole = await crateText();
    expect(await again({ only: ['each[sub-01]'] })).toMatchObject({ ok: true, cached: 1 });
    expect(await crateText()).toBe(whole);
    await writeFile(path.join(study.dir, 'study/study.yaml'), YAML.replace('uses: lower', 'uses: crash'));
    await rm(at('ro-crate-metadata.json'));
    expect(await again({ keepGoing: true })).toMatchObject({ ok: false, failed: 1, cached: 2 });
    const found = await crate();
    expect(brokenRules(found, at())).toEqual([]);
    expect(find(found, '#action/all')).toBeUndefined();
    expect(find(found, '#action/each%5Bsub-01%5D')).toBeDefined();
    expect(existsSync(at('all/all.txt'))).toBe(true);
  });

  it('has the files that the study includes and extends, in a copy that can be run', async () => {
    study = await makeStudy('');
    await study.write('lab/people/sub-01.txt', 'One');
    await study.write('lab/base/study.yaml', BASE);
    await study.write('lab/base/parts/words.yaml', WORDS);
    await study.write('lab/own place/mine/study.yaml', MINE);
    const run = () => study.run({ file: 'lab/own place/mine/study.yaml' });
    expect(await run()).toMatchObject({ ok: true });
    const root = path.join(study.dir, 'lab/own place/mine/results/mine/default');
    const found = JSON.parse(await readFile(path.join(root, 'ro-crate-metadata.json'), 'utf8')) as Crate;
    expect(brokenRules(found, root)).toEqual([]);
    expect(await byOtherProgram(root)).toEqual({ errors: [], unknown: [] });
    // The folders of the study itself are named by no file: where it lies is not told.
    const main = 'workflow.files/_/_/study.yaml';
    const parts = { 'workflow.files/base/study.yaml': BASE, 'workflow.files/base/parts/words.yaml': WORDS };
    expect(find(found, './').mainEntity).toEqual({ '@id': main });
    expect(find(found, '#run').instrument).toEqual({ '@id': main });
    expect(JSON.stringify(found)).not.toMatch(/own( |%20)place/);
    for (const [name, text] of Object.entries({ [main]: MINE, ...parts })) {
      expect(await readFile(path.join(root, name), 'utf8')).toBe(text);
      expect(find(found, name)).toMatchObject(await factsOf(path.join(root, name)));
    }
    for (const name of Object.keys(parts)) expect(find(found, name).isPartOf).toEqual({ '@id': main });

    await cp(path.join(root, 'workflow.files'), path.join(study.dir, 'copy'), { recursive: true });
    await cp(path.join(study.dir, 'lab/people'), path.join(study.dir, 'copy/people'), { recursive: true });
    expect(await study.run({ file: 'copy/_/_/study.yaml' })).toMatchObject({ ok: true, ran: 0 });
    expect(await readFile(path.join(study.dir, 'copy/_/_/results/mine/default/each/sub-01.txt'), 'utf8')).toBe('One?');

    // A fragment that changes changes the crate, and one that is no longer named is no longer there.
    await study.write('lab/base/parts/words.yaml', `${WORDS}# a remark\n`);
    await run();
    expect(await readFile(path.join(root, 'workflow.files/base/parts/words.yaml'), 'utf8')).toMatch(/a remark/);
    await study.write(
      'lab/own place/mine/study.yaml',
      `${BASE.replace(/^include.*\n/m, '')}${WORDS.slice(11)}`
        .replace('base', 'mine')
        .replace('../../people', '../people'),
    );
    await study.write('lab/own place/people/sub-01.txt', 'One');
    expect(await run()).toMatchObject({ ok: true });
    expect(existsSync(path.join(root, 'workflow.files'))).toBe(false);
    expect(existsSync(path.join(root, 'study.yaml'))).toBe(true);
  });
});

const MINE = `voxreel: 1
name: mine
extends: ../../base/study.yaml
params: { end: "?" }
`;
const BASE = `voxreel: 1
name: base
include: parts/words.yaml
params: { end: "!" }
steps:
  each: { uses: append, foreach: inputs.people, in: { text: item.text }, with: { suffix: "\${params.end}" } }
`;
const WORDS = `voxreel: 1
inputs:
  people: { type: people, path: ../../people }
`;

/** Each takes one thing away; the rule that it breaks must be told, or these checks are worth nothing. */
const spoil: readonly (readonly [string, (of: Crate) => unknown, RegExp])[] = [
  ['no license', (of) => delete find(of, './').license, /license/],
  ['a file that is not listed', (of) => void (find(of, './').hasPart as unknown[]).pop(), /part of the root/],
  ['a file that is not there', (of) => void of['@graph'].push({ '@id': 'x.txt', '@type': 'File' }), /is there: x/],
  ['no main workflow', (of) => delete find(of, './').mainEntity, /main entity/],
  ['a workflow that is no HowTo', (of) => void (find(of, 'study.yaml')['@type'] as string[]).pop(), /HowTo/],
  ['a workflow without tools', (of) => delete find(of, 'study.yaml').hasPart, /tools as parts/],
  ['an action without tool', (of) => delete find(of, '#action/all').instrument, /as instrument/],
  ['a time without zone', (of) => Object.assign(find(of, '#run'), { endTime: '2024-01-01T00:00:00Z' }), /endTime/],
  ['a step without tool', (of) => delete find(of, '#step/all').workExample, /names its tool/],
  ['a parameter without type', (of) => delete find(of, '#param/end').additionalType, /additionalType/],
  ['nested JSON', (of) => Object.assign(find(of, './'), { publisher: { name: 'x' } }), /flattened/],
  [
    'a reference to nothing',
    (of) => Object.assign(find(of, '#run'), { object: [{ '@id': '#nothing' }] }),
    /is described: #nothing/,
  ],
];

describe('the rules', () => {
  it.each(spoil)('find %s', async (_, take, rule) => {
    const found = await start();
    take(found);
    expect(brokenRules(found, at()).join('\n')).toMatch(rule);
  });
});

async function factsOf(file: string) {
  const { digest, size } = await hashFile(file);
  return { sha256: digest, contentSize: String(size) };
}

/** Validates with the npm package ro-crate, whose own copy of the context stands for the one on the web. */
async function byOtherProgram(dir: string): Promise<{ errors: string[]; unknown: string[] }> {
  const require = createRequire(import.meta.url);
  const contexts = new Map([
    ['https://w3id.org/ro/crate/1.1/context', require('ro-crate/lib/context.json')],
    ['https://w3id.org/ro/terms/workflow-run/context', { '@context': workflowRunTerms }],
  ]);
  const { fetch } = globalThis;
  globalThis.fetch = async (url) => Response.json(contexts.get(String(url)));
  try {
    const { Validator } = require('ro-crate/lib/validator.js');
    const validator = new Validator();
    const text = await readFile(path.join(dir, 'ro-crate-metadata.json'), 'utf8');
    validator.parseJSON(text);
    await validator.crate.resolveContext();
    await validator.validate();
    const files = await readdir(dir, { recursive: true, withFileTypes: true });
    const there = files.map((entry) => [
      path.relative(dir, path.join(entry.parentPath, entry.name)),
      { exists: true, inCrate: false, isDir: entry.isDirectory() },
    ]);
    validator.checkFiles(Object.fromEntries(there));
    const results = validator.results as { status: string; id: string; message: string }[];
    const errors = results.filter(({ status }) => status === 'error').map(({ id, message }) => `${id}: ${message}`);
    const graph = (JSON.parse(text) as Crate)['@graph'];
    const terms = new Set(graph.flatMap((entity) => [...Object.keys(entity), ...[entity['@type']].flat()]));
    const unknown = [...terms].filter((term) => !term.startsWith('@') && !validator.crate.resolveTerm(term));
    return { errors, unknown };
  } finally {
    globalThis.fetch = fetch;
  }
}

/** Of https://w3id.org/ro/terms/workflow-run, what a crate of ours uses. */
const workflowRunTerms = Object.fromEntries(
  ['ParameterConnection', 'connection', 'sourceParameter', 'targetParameter', 'sha256'].map((term) => [
    term,
    `https://w3id.org/ro/terms/workflow-run#${term}`,
  ]),
);
