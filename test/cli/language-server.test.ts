// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { templates } from '../../cli/init/templates.js';
import { registry } from '../../steps/registry.js';
import { type LanguageServer, type Position, startLanguageServer } from './support/language-server.js';
import { voxreel } from './support/process.js';

const glm = registry.steps.get('glm')!;

let dir: string;
let server: LanguageServer;
/** What `voxreel init` writes, with the line that names the schema. */
let study: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-editor-'));
  study = await init('sohn-2024');
  server = await startLanguageServer();
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function init(template: string): Promise<string> {
  const file = `${template}.yaml`;
  expect(await voxreel(dir, 'init', file, '--force', '--template', template)).toMatchObject({ code: 0 });
  return readFile(path.join(dir, file), 'utf8');
}

let count = 0;

/** Opens a text in which `▮` marks where the cursor is. */
async function open(marked: string) {
  const file = path.join(dir, `opened-${++count}.yaml`);
  const before = marked.split('▮')[0]!.split('\n');
  const cursor: Position = { line: before.length - 1, character: before.at(-1)!.length };
  const text = marked.replace('▮', '');
  const lines = text.split('\n');
  const diagnostics = (await server.open(file, text)).map(({ message, range: { start, end } }) => ({
    message,
    at: lines[start.line]!.slice(start.character, start.line === end.line ? end.character : undefined),
  }));
  return { file, cursor, diagnostics };
}

/** The study with something else in the place of a piece of it. */
function edited(from: string, to: string): string {
  expect(study).toContain(from);
  return study.replace(from, () => to);
}

async function completions(marked: string) {
  const { file, cursor } = await open(marked);
  return server.complete(file, cursor);
}

async function hover(marked: string): Promise<string> {
  const { file, cursor } = await open(marked);
  return server.hover(file, cursor);
}

const labels = (items: readonly { label: string }[]) => items.map(({ label }) => label);

describe('an editor finds nothing wrong', () => {
  it.each(Object.keys(templates))('in what `voxreel init --template %s` writes', async (template) => {
    expect((await open(await init(template))).diagnostics).toEqual([]);
  });

  it('in a file that only says what differs from another one', async () => {
    const [schema] = study.split('\n');
    const text = `${schema}
voxreel: 1
name: mine
extends: base.yaml
steps:
  fit: { in: { mask: null }, with: { noise: ols, drop: null } }
  sketch: null
outputs: { sketch: null }
`;
    expect((await open(text)).diagnostics).toEqual([]);
  });
});

describe('an editor completes', () => {
  it('step types, with what each does', async () => {
    const items = await completions(edited('uses: smooth', 'uses: ▮'));
    expect(labels(items)).toEqual([...registry.steps.keys()]);
    expect(items.map(({ documentation }) => documentation)).toEqual(
      [...registry.steps.values()].map(({ title }) => title),
    );
  });

  it.each([
    ['behind its name', '  smoothed: ▮\n'],
    ['below its name', '  smoothed:\n    ▮\n'],
  ])('a whole step %s', async (_, empty) => {
    const items = await completions(edited(/ {2}smoothed:\n[\s\S]*?\n(?=\n)/.exec(study)![0], empty));
    expect(labels(items)).toEqual(expect.arrayContaining([...registry.steps.keys()]));
    for (const { name, example } of registry.steps.values()) {
      const { name: _, ...rest } = example!;
      const { insertText } = items.find(({ label }) => label === name)!;
      expect(parse(insertText!)).toEqual({ uses: name, ...rest });
    }
  });

  it('values that others give as an example', async () => {
    const items = await completions(edited('high_pass: 128', 'drift_order: ▮'));
    expect(labels(items)).toContain('3');
  });

  it('the parameters of a step that are not written yet, with their defaults', async () => {
    const items = await completions(edited('      noise: "${params.noise}"\n', '      ▮\n'));
    const written = ['drop', 'samples', 'high_pass', 'confounds'];
    const missing = Object.keys(glm.params.properties).filter((name) => !written.includes(name));
    expect(labels(items)).toEqual(missing);
    expect(items.find(({ label }) => label === 'noise')!.insertText).toContain('ar1');
  });

  it('the ports of a step', async () => {
    const items = await completions(edited('in: { image: item.bold }', 'in:\n      ▮'));
    expect(labels(items)).toContain('image');
  });

  it('the choices of a parameter', async () => {
    const items = await completions(edited('noise: "${params.noise}"', 'noise: ▮'));
    expect(labels(items)).toEqual(glm.params.properties.noise!.enum);
  });

  it('items of a list', async () => {
    const inputs = 'in: { frames: steps.frames, weights: inputs.weights }\n';
    const items = await completions(edited(inputs, `${inputs}    with:\n      layers:\n        - ▮\n`));
    expect(labels(items)).toContain('conv5_3');
  });

  it('types of inputs and their keys', async () => {
    const types = await completions(edited('type: atlas', 'type: ▮'));
    expect(labels(types)).toEqual([...registry.artifacts.values()].flatMap(({ name, input }) => (input ? [name] : [])));
    const bold = 'bold: { type: bids, path: derivatives/fmriprep, task: pixar, space: MNI152NLin2009cAsym }';
    const keys = await completions(edited(bold, 'bold:\n    type: bids\n    ▮'));
    expect(labels(keys)).toEqual(expect.arrayContaining(['path', 'task', 'space', 'exclude']));
  });
});

describe('an editor explains', () => {
  it('a parameter, with its unit and default', async () => {
    const text = await hover(edited('high_pass: 128', 'high▮_pass: 128'));
    expect(text).toContain('#### high\\_pass');
    expect(text).toContain('Cut-off period of `drift: cosine`');
    expect(text).toContain('[s] Default: `128`.');
  });

  it('a parameter that is a reference, with its choices', async () => {
    const text = await hover(edited('noise: "${params.noise}"', 'noi▮se: "${params.noise}"'));
    expect(text).toContain('Model of the noise. Default: `ar1`.');
  });

  it('a step', async () => {
    const text = await hover(edited('  fit:\n', '  f▮it:\n'));
    expect(text).toContain(`#### ${glm.title}`);
    expect(text).toContain('`voxreel steps glm` explains it.');
    expect(text).toMatch(/Example:\n\n```yaml\nuses: glm\nforeach: inputs.bold\n/);
  });

  it('a port, and the type of a step', async () => {
    expect(await hover(edited('in: { image: item.bold }', 'in: { im▮age: item.bold }'))).toContain(
      registry.steps.get('smooth')!.inputs.image!.description,
    );
    expect(await hover(edited('uses: glm', 'uses: g▮lm'))).toContain(glm.title);
  });
});

describe('an editor underlines', () => {
  it.each([
    ['an unknown key', 'high_pass: 128', 'high_pas: 128', 'high_pas', 'Property high_pas is not allowed'],
    ['an unknown key at the top', 'outputs:\n', 'output:\n', 'output', 'Property output is not allowed'],
    ['a value of the wrong type', 'high_pass: 128', 'high_pass: slow', 'slow', 'Expected "number"'],
    ['a value that is no choice', 'noise: "${params.noise}"', 'noise: ar2', 'ar2', '"ar1", "ols"'],
    ['a value out of range', 'high_pass: 128', 'high_pass: -1', '-1', 'minimum'],
    ['an unknown step type', 'uses: smooth', 'uses: smoth', 'smoth', 'Expected a step type (decode, '],
    [
      'something that is no wire',
      'image: item.bold',
      'image: bold.nii',
      'bold.nii',
      'Expected inputs.name, steps.name',
    ],
    ['a port that is left out', 'in: { fits: steps.fit }', 'in: {}', 'in', 'Missing property "fits"'],
    ['a step without a type', '    uses: smooth\n', '', 'smoothed', 'Missing property "uses"'],
    ['an input without its file', 'type: video, path: stimuli/partly-cloudy.mp4', 'type: video', 'movie', '"path"'],
  ])('%s', async (_, from, to, at, message) => {
    const { diagnostics } = await open(edited(from, to));
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]!.message).toContain(message);
    expect(diagnostics[0]!.at).toContain(at);
  });
});
