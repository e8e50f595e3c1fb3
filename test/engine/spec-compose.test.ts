import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { listExperiments } from '../../engine/spec/experiments.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import { loadWorkflow } from '../../engine/spec/load.js';
import { plan } from '../../index.js';
import { registry } from '../../steps/registry.js';
import { failure } from './spec-file.js';

const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-compose-'));
afterAll(() => rm(dir, { recursive: true, force: true }));
const at = (name: string) => path.join(dir, name);

async function files(texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) {
    await mkdir(path.dirname(at(name)), { recursive: true });
    await writeFile(at(name), text);
  }
}

const load = (name = 'study.yaml', experiment = 'default') => loadWorkflow(at(name), { registry, experiment });
const problems = async (name = 'study.yaml') =>
  (await failure(load(name))).map(
    ({ place, message }) => `${path.relative(dir, place!.file)}:${place!.line}:${place!.column} ${message}`,
  );

const BASE = `voxreel: 1
name: base
include: ../shared/ratings.yaml
params: { tr: 2, model: spm }
steps:
  regressors:
    uses: hrf
    in: { series: inputs.ratings }
    with: { tr: "\${params.tr}", model: "\${params.model}", oversampling: 8 }
  sketch:
    uses: hrf
    in: { series: inputs.ratings }
outputs: { regressors: steps.regressors, sketch: steps.sketch }
experiments:
  glover: { model: glover }
`;
const RATINGS = `voxreel: 1
inputs:
  ratings: { type: series, path: ratings.tsv, interval: 2 }
`;
const STUDY = `voxreel: 1
name: mine
extends: base/base.yaml
params: { tr: 1.5 }
steps:
  sketch: null
  regressors:
    with: { oversampling: null, outside: mean }
outputs: { sketch: null }
`;

beforeEach(async () => {
  await files({
    'base/base.yaml': BASE,
    'shared/ratings.yaml': RATINGS,
    'shared/ratings.tsv': 'fear\tjoy\n1\t2\n2\t1\n3\t3\n',
    'study.yaml': STUDY,
  });
});

describe('extends', () => {
  test('takes everything of the base but its name, overrides by name and key, and removes with null', async () => {
    const workflow = await load();
    expect(workflow.name).toBe('mine');
    expect(workflow.params).toEqual({ tr: 1.5, model: 'spm' });
    expect(workflow.steps.map(({ name }) => name)).toEqual(['regressors']);
    // 16 is the default of hrf: the base's 8 is gone.
    expect(workflow.steps[0]!.params).toMatchObject({ tr: 1.5, model: 'spm', oversampling: 16, outside: 'mean' });
    expect([...workflow.outputs.keys()]).toEqual(['regressors']);
    expect((await load('study.yaml', 'glover')).params).toEqual({ tr: 1.5, model: 'glover' });
    expect((await listExperiments(at('study.yaml'))).map(({ name }) => name)).toEqual(['default', 'glover']);
    expect(workflow.files.map(({ file }) => file)).toEqual([
      at('study.yaml'),
      at('base/base.yaml'),
      at('shared/ratings.yaml'),
    ]);
  });

  test('replaces a step of another type as a whole', async () => {
    await files({
      'study.yaml':
        'voxreel: 1\nname: mine\nextends: base/base.yaml\nsteps:\n  sketch: { uses: controls, in: { series: inputs.ratings } }\n',
    });
    const told = await problems();
    expect(told.every((line) => line.startsWith('study.yaml:5') || line.startsWith('base/base.yaml:13'))).toBe(true);
  });

  test('makes the keys of results of what is said, not of the file that says it', async () => {
    await files({
      'flat.yaml': BASE.replace('include: ../shared/ratings.yaml\n', '').replace(
        'steps:',
        'inputs:\n  ratings: { type: series, path: shared/ratings.tsv, interval: 2 }\nsteps:',
      ),
    });
    const keys = async (name: string) =>
      (await plan(await load(name), { cache: at('cache') })).instances.map(({ key }) => key);
    expect(await keys('flat.yaml')).toEqual(await keys('base/base.yaml'));
    const before = await keys('study.yaml');
    await files({ 'base/base.yaml': BASE.replace('model: spm', 'model: glover') });
    expect(await keys('study.yaml')).not.toEqual(before);
  });
});

describe('places and paths', () => {
  test('are those of the file that wrote the value', async () => {
    await files({
      'base/base.yaml': BASE.replace('oversampling: 8', 'oversamplin: 8').replace('model: spm', 'model: spn'),
      'shared/ratings.yaml': RATINGS.replace('interval: 2', 'interval: 0'),
      'study.yaml': STUDY.replace('null, outside: mean', '16, outside: meen'),
    });
    expect((await problems()).map((line) => line.split(' ')[0])).toEqual([
      'study.yaml:8:40',
      'base/base.yaml:4:25',
      'base/base.yaml:9:59',
      'shared/ratings.yaml:3:57',
    ]);
  });

  test('a relative path starts at the folder of the file that it is written in', async () => {
    const found = async () => (await resolveInputs(await load(), registry)).get('ratings') as any;
    expect((await found()).files).toMatchObject({ [Object.keys((await found()).files)[0]!]: at('shared/ratings.tsv') });
    await files({
      'mine.tsv': 'fear\tjoy\n1\t2\n2\t1\n3\t3\n',
      'study.yaml': `${STUDY}inputs: { ratings: { path: mine.tsv } }\n`,
    });
    expect(Object.values((await found()).files)).toContain(at('mine.tsv'));
  });

  test('a missing input is told with the line that names it', async () => {
    await rm(at('shared/ratings.tsv'));
    const workflow = await load();
    const [problem] = await failure(resolveInputs(workflow, registry));
    expect(problem!.place).toMatchObject({ file: at('shared/ratings.yaml'), line: 3 });
  });

  test('a step file of the base is loaded from beside the base', async () => {
    const own = `export default { version: 1, inputs: {}, outputs: { t: { type: 'table', description: 'x' } },
      params: { type: 'object', properties: {} }, run() {} };`;
    await files({
      'base/own.mjs': own,
      'base/base.yaml': 'voxreel: 1\nname: b\nsteps:\n  a: { uses: ./own.mjs }\n',
      'study.yaml': 'voxreel: 1\nname: mine\nextends: base/base.yaml\n',
    });
    expect((await load()).steps[0]!.type.name).toBe('./base/own.mjs');
    expect((await load('base/base.yaml')).steps[0]!.type.name).toBe('./own.mjs');
  });
});

describe('include', () => {
  test('takes a name from one file only, and says where both are', async () => {
    await files({
      'two.yaml':
        'voxreel: 1\nname: two\ninclude: [shared/ratings.yaml, again.yaml]\nsteps:\n  a: { uses: hrf, in: { series: inputs.ratings } }\n',
      'again.yaml': `name: x\n${RATINGS}`,
    });
    expect(await problems('two.yaml')).toEqual([
      'again.yaml:1:1 `name` cannot stand in an included file',
      'again.yaml:4:3 `inputs.ratings` is also in ratings.yaml, line 3',
    ]);
  });

  test('takes a fragment that is reached twice once', async () => {
    await files({
      'two.yaml':
        'voxreel: 1\nname: two\ninclude: [shared/ratings.yaml, again.yaml]\nsteps:\n  a: { uses: hrf, in: { series: inputs.ratings } }\n',
      'again.yaml': 'include: shared/ratings.yaml\nparams: { x: 1 }\n',
    });
    expect((await load('two.yaml')).params).toEqual({ x: 1 });
  });

  test.each([
    ['a file that is not there', 'include: nowhere.yaml', /^study\.yaml:3:10 .*nowhere\.yaml: there is no such/],
    ['a folder', 'extends: shared', /^study\.yaml:3:10 .*this is a folder/],
    ['itself', 'extends: study.yaml', /^study\.yaml:3:10 this file names itself/],
    [
      'a round',
      'include: round.yaml',
      /^round\.yaml:1:10 these files name each other: study\.yaml -> round\.yaml -> study/,
    ],
    ['what is no path', 'extends: [a, b]', /^study\.yaml:3:10 `extends` names one/],
    ['a file that is no map', 'include: list.yaml', /^list\.yaml:1:1 the file holds a list/],
    ['a file with a fault in its YAML', 'include: broken.yaml', /^broken\.yaml:2:1 this is not valid YAML/],
  ])('tells of %s', async (_, line, expected) => {
    await files({
      'study.yaml': `voxreel: 1\nname: mine\n${line}\nsteps: { a: { uses: hrf, in: { series: inputs.ratings } } }\n`,
      'round.yaml': 'include: study.yaml\n',
      'list.yaml': '- a\n',
      'broken.yaml': 'a: [\n',
    });
    expect((await problems())[0]).toMatch(expected);
  });
});
