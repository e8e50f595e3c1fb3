import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { parametersIn } from '../../compare/published-parameters.js';
import { makeStudy, type Study } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const YAML = `voxreel: 1
name: study
params: { end: "!" }
inputs:
  people: { type: people, path: people }
  other: { type: text, path: other.txt }
steps:
  each: { uses: append, foreach: inputs.people, in: { text: item.text }, with: { suffix: "\${params.end}" } }
  lowered: { uses: lower, in: { text: inputs.other } }
  all: { uses: join, in: { texts: [steps.each, steps.lowered] } }
`;

it('the parameters behind a results folder are those of study and steps, and the files that went in', async () => {
  study = await makeStudy(YAML);
  await study.write('people/sub-01.txt', 'One');
  await study.write('people/sub-02.txt', 'Two');
  await study.write('other.txt', 'Other');
  const dir = path.join(study.dir, 'results/study/default');
  const read = async () => {
    expect(await study.run()).toMatchObject({ ok: true });
    return Object.fromEntries([...(await parametersIn(dir, []))].map(([name, { value }]) => [name, value]));
  };
  const first = await read();
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(first).toEqual({
    end: '!',
    'version of voxreel': version,
    'each.uses': 'append',
    'each.suffix': '!',
    'lowered.uses': 'lower',
    'all.uses': 'join',
    'all.separator': ' ',
    'inputs.people': expect.stringMatching(/^2 files \([0-9a-f]{10}\)$/),
    // printf Other | sha256sum
    'inputs.other': 'other.txt (f97e9da0e3)',
  });
  await study.write('people/sub-02.txt', 'Zwei');
  const second = await read();
  expect(Object.keys(first).filter((name) => first[name] !== second[name])).toEqual(['inputs.people']);

  await rm(path.join(dir, 'ro-crate-metadata.json'));
  const sidecar = JSON.parse(await readFile(path.join(dir, 'all/all.json'), 'utf8'));
  expect([...(await parametersIn(dir, [sidecar])).keys()]).toEqual(['version of voxreel', 'all.uses', 'all.separator']);
});
