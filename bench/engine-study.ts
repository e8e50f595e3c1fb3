import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ArtifactType, ResolvedInput } from '../artifacts/artifact.js';
import { many, one, type Registry, type StepType } from '../engine/step-type.js';

/** Small steps, so that only the engine is measured: what each does is copy one short text. */
const STEPS = 12;

const text: ArtifactType = {
  name: 'text',
  title: 'Text',
  description: 'One text file.',
  async publish(artifact, { dir, stem }) {
    const file = path.join(dir, `${stem}.txt`);
    await writeFile(file, await readFile(artifact.files['text.txt']!));
    return [{ path: file, description: 'A text.' }];
  },
};

const items: ArtifactType = {
  name: 'items',
  title: 'Texts of a folder',
  description: 'Every file of a folder.',
  input: {
    properties: { path: { type: 'string', description: 'The folder.' } },
    required: ['path'],
    items: { text: 'text' },
    async resolve(spec, { baseDir }) {
      const dir = path.resolve(baseDir, spec.path as string);
      return (await readdir(dir)).sort().map((name) => {
        const label = path.parse(name).name;
        const entities = { sub: label.slice(4) };
        const file = path.join(dir, name);
        const input: ResolvedInput = { type: 'text', files: { 'text.txt': file }, origin: file, label, entities };
        return { label, entities, ports: { text: input } };
      });
    },
  },
};

const pass: StepType = {
  name: 'pass',
  version: 1,
  title: 'Passes a text on',
  description: 'Passes a text on with its number added.',
  inputs: { text: { type: 'text', description: 'A text.' } },
  outputs: { text: { type: 'text', description: 'A text.' } },
  params: { type: 'object', properties: { step: { type: 'integer', default: 0, description: 'Its number.' } } },
  needs: () => ({ memoryMB: 1 }),
  async run({ inputs, params, workDir }) {
    const file = path.join(workDir, 'text.txt');
    await writeFile(file, `${await readFile(one(inputs, 'text').files['text.txt']!, 'utf8')} ${params.step}`);
    return { text: { files: { 'text.txt': file }, meta: { tr: 2, step: params.step } } };
  },
};

const gather: StepType = {
  ...pass,
  name: 'gather',
  inputs: { texts: { type: 'text', list: true, description: 'Texts.' } },
  params: { type: 'object', properties: {} },
  async run({ inputs, workDir }) {
    const file = path.join(workDir, 'text.txt');
    await writeFile(
      file,
      many(inputs, 'texts').map(({ label, digest }) => `${label} ${digest}\n`),
    );
    return { text: { files: { 'text.txt': file } } };
  },
};

export const registry: Registry = {
  steps: new Map([pass, gather].map((type) => [type.name, type])),
  artifacts: new Map([text, items].map((type) => [type.name, type])),
};

/** Writes the file of one more item. */
export async function addItem(dir: string, item: number): Promise<void> {
  await writeFile(path.join(dir, 'items', `sub-${String(item).padStart(4, '0')}.txt`), `text ${item}`);
}

/** Writes a study of `instances` step instances: chains of 11 steps over the items, one step that joins them. */
export async function writeStudy(dir: string, instances: number): Promise<string> {
  const count = Math.round((instances - 1) / (STEPS - 1));
  await mkdir(path.join(dir, 'items'), { recursive: true });
  for (let item = 1; item <= count; item++) await addItem(dir, item);
  const chain = Array.from({ length: STEPS - 1 }, (_, index) => {
    const from = index === 0 ? 'item.text' : `steps.s${index}`;
    return `  s${index + 1}: { uses: pass, foreach: inputs.items, in: { text: ${from} }, with: { step: ${index + 1} } }`;
  });
  const file = path.join(dir, 'study.yaml');
  const yaml = [
    'voxreel: 1',
    'name: many',
    'inputs:',
    '  items: { type: items, path: items }',
    'steps:',
    ...chain,
    `  all: { uses: gather, in: { texts: steps.s${STEPS - 1} } }`,
    'outputs: { all: steps.all }',
    '',
  ];
  await writeFile(file, yaml.join('\n'));
  return file;
}
