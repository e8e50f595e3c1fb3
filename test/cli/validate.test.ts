import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from 'sarif';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

let dir: string;
beforeEach(async () => {
  dir = await writeStudy();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const UNUSED = `voxreel: 1
name: unused
params: { word: a, wrod: b }
inputs:
  table: { type: table, path: table.tsv }
steps:
  first: { uses: ./first.mjs, with: { word: "\${params.word}" } }
  second: { uses: ./second.mjs, in: { text: steps.first } }
  extra: { uses: ./second.mjs, in: { text: steps.first } }
  more: { uses: ./second.mjs, in: { text: steps.extra } }
outputs: { text: steps.second }
`;

const CLEAN = UNUSED.replace(', wrod: b', '')
  .replace(/^ {2}(table|extra|more):.*\n/gm, '')
  .replace('inputs:\n', '');

describe('voxreel validate', () => {
  it('warns of a parameter, an input and steps that nothing needs, each at its line', async () => {
    await writeFile(path.join(dir, 'unused.yaml'), UNUSED);
    const { code, stdout } = await voxreel(dir, 'validate', 'unused.yaml', '--no-inputs');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'warning  params.wrod: nothing uses it (line 3)',
      'warning  inputs.table: no step reads it (line 5)',
      'warning  steps.extra: no output needs it (line 9)',
      'warning  steps.more: no output needs it (line 10)',
    ]);
    expect((await voxreel(dir, 'validate', 'unused.yaml', '--no-inputs', '--strict')).code).toBe(2);
    await writeFile(path.join(dir, 'study.yaml'), CLEAN);
    expect((await voxreel(dir, 'validate', 'study.yaml', '--strict')).code).toBe(0);
  });

  it('checks several files and says which are valid', async () => {
    await writeFile(path.join(dir, 'bad.yaml'), 'voxreel: 1\nname: bad\nsteps:\n  a: { uses: nothing }\n');
    const { code, stdout, stderr } = await voxreel(dir, 'validate', 'study.yaml', 'bad.yaml', 'absent.yaml');
    expect(code).toBe(2);
    expect(stdout).toMatch(
      /study\.yaml is valid: 3 steps[\s\S]*bad\.yaml is not valid[\s\S]*absent\.yaml is not valid/,
    );
    expect(stderr).toContain('there is no step type `nothing`');
    expect(stderr).toContain('there is no such workflow file');
  });

  it('finds inputs that are missing and queries that match nothing, also those of an experiment', async () => {
    await mkdir(path.join(dir, 'bids', 'sub-01', 'func'), { recursive: true });
    await writeFile(path.join(dir, 'there.tsv'), 'x\n1\n');
    await writeFile(
      path.join(dir, 'inputs.yaml'),
      `voxreel: 1
name: inputs
params: { table: there.tsv }
inputs:
  table: { type: table, path: "\${params.table}" }
  bold: { type: bids, path: bids, task: film, space: MNI }
steps:
  look:
    uses: command
    in: { table: inputs.table }
    with: { run: [cat, "{in.table}"], inputs: { table: table }, outputs: { t: { type: table, path: t.tsv } } }
  smoothed: { uses: smooth, foreach: inputs.bold, in: { image: item.bold } }
experiments:
  other: { table: absent.tsv }
`,
    );
    const { code, stdout } = await voxreel(dir, 'validate', 'inputs.yaml', '--json');
    expect(code).toBe(2);
    const findings = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const errors = findings.filter(({ level }) => level === 'error');
    expect(errors.every(({ rule }) => rule === 'input')).toBe(true);
    const missing = errors.find(({ message }) => message.includes('absent.tsv'));
    expect(missing.place.line).toBe(14);
    expect(errors.find(({ place }) => place.line === 6)).toBeDefined();
  });

  it('writes SARIF 2.1.0 whose regions are where the text is', async () => {
    await writeFile(path.join(dir, 'bad one.yaml'), UNUSED.replace('uses: ./first.mjs', 'uses: gml'));
    const { code, stdout } = await voxreel(dir, 'validate', 'bad one.yaml', 'study.yaml', '--format', 'sarif');
    expect(code).toBe(2);
    const log = JSON.parse(stdout) as Log;
    expect(log.version).toBe('2.1.0');
    const [run] = log.runs;
    const [result] = run!.results!;
    expect(run!.tool.driver.rules!.map(({ id }) => id)).toContain(result!.ruleId);
    expect(result!.level).toBe('error');
    expect(result!.message.text).toContain('there is no step type `gml`');
    const { artifactLocation, region } = result!.locations![0]!.physicalLocation!;
    expect(artifactLocation!.uri).toBe('bad%20one.yaml');
    const line = UNUSED.replace('./first.mjs', 'gml').split('\n')[region!.startLine! - 1]!;
    expect(line.slice(region!.startColumn! - 1, region!.endColumn! - 1)).toBe('gml');
  });

  it('writes annotations of GitHub Actions, on one line each', async () => {
    await writeFile(path.join(dir, 'a,b.yaml'), UNUSED.replace('uses: ./first.mjs', 'uses: gml'));
    await writeFile(path.join(dir, 'unused.yaml'), UNUSED);
    const args = ['validate', 'a,b.yaml', 'unused.yaml', '--no-inputs', '--format', 'github'];
    const { stdout } = await voxreel(dir, ...args);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^::error file=a%2Cb\.yaml,line=7,col=18,endColumn=21,title=voxreel workflow::there is no step type `gml`%0AExpected: /,
    );
    expect(lines[1]).toMatch(
      /^::warning file=unused\.yaml,line=3,col=20,endColumn=24,title=voxreel unused-parameter::/,
    );
    expect(lines).toHaveLength(5);
  });
});
