import { existsSync } from 'node:fs';
import { appendFile, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Artifact, ArtifactType, ResolvedInput } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';
import { openStore, type Store } from '../../cache/store.js';
import type { RunEvent } from '../../engine/events.js';
import { expandGraph } from '../../engine/graph.js';
import { type Plan, plan } from '../../engine/plan.js';
import { type RunOptions, type RunResult, run } from '../../engine/run.js';
import { select } from '../../engine/selection.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import { loadWorkflow } from '../../engine/spec/load.js';
import { many, one, type Registry, type StepContext, type StepType } from '../../engine/step-type.js';
import type { Graph } from '../../engine/workflow.js';

/** A text file; the smallest artifact that can be looked at. */
const text: ArtifactType = {
  name: 'text',
  title: 'Text',
  description: 'One text file.',
  input: {
    properties: { path: { type: 'string', description: 'The file.' } },
    required: ['path'],
    async resolve(spec, { baseDir }) {
      const file = path.resolve(baseDir, spec.path as string);
      return { type: 'text', files: { 'text.txt': file }, origin: file };
    },
  },
  async check({ files }) {
    const content = await readFile(files['text.txt']!, 'utf8');
    if (content.includes('BROKEN')) throw new UserError({ message: 'the text is broken' });
  },
  async publish(artifact, { dir, stem }) {
    const file = path.join(dir, `${stem}.txt`);
    await copyFile(artifact.files['text.txt']!, file);
    return [
      { path: file, description: 'A text.', units: 'letters', facts: { Letters: (await textOf(artifact)).length } },
    ];
  },
};

/** Every `sub-XX.txt` of a folder. */
const people: ArtifactType = {
  name: 'people',
  title: 'Texts of people',
  description: 'A folder of text files.',
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

export function textOf(artifact: Artifact): Promise<string> {
  return readFile(artifact.files['text.txt']!, 'utf8');
}

async function written(context: StepContext, content: string) {
  const file = path.join(context.workDir, 'out.txt');
  await writeFile(file, content);
  return { text: { files: { 'text.txt': file } } };
}

/** A step with one text in and one out. `work` gives the content. */
export function textStep(
  name: string,
  params: Record<string, Record<string, unknown>>,
  work: (content: string, context: StepContext<any>) => Promise<string> | string,
  more: Partial<StepType> = {},
): StepType {
  return {
    name,
    version: 1,
    title: name,
    description: name,
    inputs: { text: { type: 'text', description: 'A text.' } },
    outputs: { text: { type: 'text', description: 'Another text.' } },
    params: { type: 'object', properties: params },
    run: async (context) => written(context, await work(await textOf(one(context.inputs, 'text')), context)),
    ...more,
  };
}

export const wait = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

export const tinySteps: readonly StepType[] = [
  textStep('append', { suffix: { type: 'string', default: '!' } }, (content, { params }) => content + params.suffix),
  // The same output for inputs that differ in case only: what early cutoff needs.
  textStep('lower', {}, (content) => content.toLowerCase()),
  textStep('remark', {}, (content, { note }) => {
    note(`${content.length} letters`);
    return content;
  }),
  textStep('sleep', { ms: { type: 'integer', default: 100, minimum: 0 } }, async (content, { params, signal }) => {
    await wait(params.ms, signal);
    return content;
  }),
  textStep('reject', { word: { type: 'string', default: 'bad' } }, (content, { params }) => {
    if (!content.includes(params.word)) return content;
    throw new UserError({ message: `the text has "${params.word}"`, keys: ['word'], hint: 'Remove it.' });
  }),
  textStep('crash', {}, () => {
    throw new TypeError('no such thing');
  }),
  {
    ...textStep('join', { separator: { type: 'string', default: ' ' } }, () => ''),
    inputs: { texts: { type: 'text', list: true, description: 'Texts.' } },
    async run(context) {
      const texts = many(context.inputs, 'texts');
      const lines = await Promise.all(texts.map(async (one) => `${one.label ?? '-'}=${await textOf(one)}`));
      return written(context, lines.join(context.params.separator as string));
    },
  },
];

export function tinyRegistry(extra: readonly StepType[] = [], types: readonly ArtifactType[] = []): Registry {
  return {
    steps: new Map([...tinySteps, ...extra].map((step) => [step.name, step])),
    artifacts: new Map([text, people, ...types].map((type) => [type.name, type])),
  };
}

/** A study in a temporary folder that runs through the real loader, planner, store and publisher. */
export interface Study {
  readonly dir: string;
  write(file: string, content: string): Promise<void>;
  /** Loads `study.yaml`. */
  graph(options?: { experiment?: string; set?: readonly string[]; file?: string }): Promise<Graph>;
  store(): Promise<Store>;
  plan(options?: { experiment?: string; verify?: boolean }): Promise<Plan>;
  /** `only`: instances to run, with what they need; `file` instead of study.yaml. */
  run(options?: Partial<RunOptions> & { experiment?: string; file?: string; only?: readonly string[] }): Promise<Ran>;
  remove(): Promise<void>;
}

export interface Ran extends RunResult {
  readonly events: readonly RunEvent[];
  /** Ids of the instances that did work, sorted. */
  readonly worked: readonly string[];
  text(output: string): Promise<string>;
}

export async function makeStudy(
  yaml: string,
  extra: readonly StepType[] = [],
  types: readonly ArtifactType[] = [],
): Promise<Study> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-test-'));
  const registry = tinyRegistry(extra, types);
  const study: Study = {
    dir,
    async write(file, content) {
      await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
      await writeFile(path.join(dir, file), content);
    },
    async graph(options = {}) {
      const { file = 'study.yaml', ...others } = options;
      const workflow = await loadWorkflow(path.join(dir, file), { registry, ...others });
      return expandGraph(workflow, await resolveInputs(workflow, registry));
    },
    store: () => openStore(path.join(dir, '.voxreel')),
    async plan(options = {}) {
      const { experiment, ...others } = options;
      const graph = await study.graph(experiment === undefined ? {} : { experiment });
      return plan(graph, { store: await study.store(), registry, ...others });
    },
    async run(options = {}) {
      const { experiment, file, only, ...others } = options;
      const events: RunEvent[] = [];
      const onEvent = (event: RunEvent) => {
        events.push(event);
        others.onEvent?.(event);
      };
      const load = { ...(experiment === undefined ? {} : { experiment }), ...(file === undefined ? {} : { file }) };
      const { graph } = select(await study.graph(load), only ? { until: only } : {});
      const store = others.store ?? (await study.store());
      const result = await run(graph, { cores: 4, registry, ...others, store, onEvent });
      const worked = events.flatMap((event) => (event.type === 'finished' ? [event.instance] : [])).sort();
      return { ...result, events, worked, text: (output) => textOf(result.outputs.get(output)![0]!) };
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
  await study.write('study.yaml', yaml);
  return study;
}

/** Everything below a folder, relative, sorted; for "nothing is left over". */
export async function filesBelow(dir: string): Promise<string[]> {
  if (!existsSync(dir)) return [];
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Appends to a file of a study. */
export const append = (study: Study, file: string, content: string) => appendFile(path.join(study.dir, file), content);
