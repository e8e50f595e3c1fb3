import { chmod, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ArtifactType } from '../../artifacts/artifact.js';
import { noteCollected } from '../../cache/collected.js';
import { collectGarbage } from '../../cache/garbage.js';
import type { StoreRecord } from '../../cache/record.js';
import type { Reason } from '../../engine/events.js';
import { expandGraph } from '../../engine/graph.js';
import { type Plan, plan } from '../../engine/plan.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import { loadWorkflow } from '../../engine/spec/load.js';
import { filesBelow, makeStudy, type Study, textStep, tinyRegistry } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const YAML = `voxreel: 1
name: reasons
params: { end: "!" }
inputs:
  people: { type: people, path: people }
steps:
  each: { uses: append, foreach: inputs.people, in: { text: item.text }, with: { suffix: "\${params.end}" } }
  low: { uses: lower, foreach: inputs.people, in: { text: steps.each } }
  all: { uses: join, in: { texts: steps.low } }
experiments:
  question: { end: "?" }
`;

async function start(
  yaml = YAML,
  extra: Parameters<typeof makeStudy>[1] = [],
  types: readonly ArtifactType[] = [],
): Promise<void> {
  study = await makeStudy(yaml, extra, types);
  await study.write('people/sub-01.txt', 'One');
  await study.write('people/sub-02.txt', 'Two');
}

const reasonsOf = (made: Plan, id: string): readonly Reason[] =>
  made.instances.find(({ instance }) => instance.id === id)!.reasons;
const stateOf = (made: Plan, id: string) => made.instances.find(({ instance }) => instance.id === id)!.state;

/** The blob of the only file of an instance's result. */
async function blobOf(id: string): Promise<string> {
  const made = await study.plan();
  const { record } = made.instances.find(({ instance }) => instance.id === id)!;
  return (await study.store()).blob(record!.outputs.text!.files['text.txt']!.digest);
}

async function removeRecord(id: string): Promise<void> {
  const made = await study.plan();
  const { key } = made.instances.find(({ instance }) => instance.id === id)!;
  await rm(path.join(study.dir, '.voxreel/records', key!.slice(0, 2), `${key}.json`));
}

describe('a plan', () => {
  it('of a new study runs everything for the first time', async () => {
    await start();
    const made = await study.plan();
    expect(made.counts).toEqual({ cached: 0, run: 5, upstream: 0 });
    expect(reasonsOf(made, 'each[sub-01]')).toEqual([{ kind: 'first-time' }]);
    expect(reasonsOf(made, 'all')).toEqual([{ kind: 'first-time' }]);
  });

  it('writes nothing but digests of inputs', async () => {
    await start();
    await study.plan();
    expect(await filesBelow(path.join(study.dir, '.voxreel'))).toEqual(
      ['.gitignore', 'CACHEDIR.TAG', 'stat-cache.json', 'store.json'].sort(),
    );
  });

  it('names the parameter with its old and new value', async () => {
    await start();
    await study.run();
    const made = await study.plan({ experiment: 'question' });
    expect(reasonsOf(made, 'each[sub-01]')).toEqual([
      { kind: 'param-changed', name: 'suffix', before: '!', after: '?' },
    ]);
    // If the changed step gave the same bytes, what follows would stay cached.
    expect(stateOf(made, 'low[sub-01]')).toBe('upstream');
    expect(reasonsOf(made, 'low[sub-01]')).toEqual([{ kind: 'upstream', instances: ['each[sub-01]'] }]);
    expect(made.counts).toEqual({ cached: 0, run: 2, upstream: 3 });
  });

  it('names the input file that changed, and nothing of others', async () => {
    await start();
    await study.run();
    await study.write('people/sub-02.txt', 'TWO');
    const made = await study.plan();
    const origin = path.join(study.dir, 'people/sub-02.txt');
    const modified = (await stat(origin)).mtime.toISOString();
    const { made: since } = (await study.store()).read(made.history.lastKey('each[sub-02]')!) as StoreRecord;
    expect(reasonsOf(made, 'each[sub-02]')).toEqual([
      { kind: 'input-changed', port: 'text', origin, change: 'changed', files: [{ path: origin, modified }], since },
    ]);
    expect(stateOf(made, 'each[sub-01]')).toBe('cached');
    expect(stateOf(made, 'low[sub-02]')).toBe('upstream');
    // What the run tells when it gets there: `each` gave other bytes, `low` gives the same, `all` stays cached.
    const ran = await study.run();
    expect(ran.worked).toEqual(['each[sub-02]', 'low[sub-02]']);
    const started = ran.events.find((event) => event.type === 'started' && event.instance === 'low[sub-02]');
    expect(started).toMatchObject({ reasons: [{ kind: 'input-changed', port: 'text', origin: 'steps.each[sub-02]' }] });
  });

  it('names the file of several that changed, and facts that changed without any file', async () => {
    const couple: ArtifactType = {
      name: 'couple',
      title: 'Two texts',
      description: 'Two files and a pace.',
      input: {
        properties: { pace: { type: 'number', description: 'How fast.' } },
        resolve: async ({ pace }, { baseDir }) => ({
          type: 'couple',
          files: { 'text.txt': path.join(baseDir, 'a.txt'), 'more.txt': path.join(baseDir, 'b.txt') },
          meta: { pace: pace as number, fixed: 1 },
          origin: path.join(baseDir, 'a.txt'),
        }),
      },
    };
    const yaml = `voxreel: 1
name: couple
inputs: { two: { type: couple, pace: 2 } }
steps: { low: { uses: first, in: { text: inputs.two } } }
`;
    const first = textStep('first', {}, (content) => content, {
      inputs: { text: { type: 'couple', description: 'Two texts.' } },
    });
    await start(yaml, [first], [couple]);
    await study.write('a.txt', 'One');
    await study.write('b.txt', 'Two');
    await study.run();
    await study.write('b.txt', 'Three');
    const [byFile] = reasonsOf(await study.plan(), 'low');
    expect(byFile).toMatchObject({ kind: 'input-changed', files: [{ path: path.join(study.dir, 'b.txt') }] });
    expect(byFile).not.toHaveProperty('facts');
    await study.run();
    await study.write('study.yaml', yaml.replace('pace: 2', 'pace: 3'));
    const [byFact] = reasonsOf(await study.plan(), 'low');
    expect(byFact).toMatchObject({ kind: 'input-changed', facts: [{ name: 'pace', before: 2, after: 3 }] });
    expect(byFact).not.toHaveProperty('files');
  });

  it('compares with the result that differs least, so that a look at another experiment explains nothing', async () => {
    await start();
    await study.run();
    await study.run({ experiment: 'question' });
    // Back to the first: its results are there, but for the one of a file that was edited.
    await study.write('people/sub-02.txt', 'TWO');
    const made = await study.plan();
    expect(made.counts).toEqual({ cached: 2, run: 1, upstream: 2 });
    expect(reasonsOf(made, 'each[sub-02]')).toMatchObject([{ kind: 'input-changed', port: 'text' }]);
    expect(reasonsOf(made, 'all')).toEqual([{ kind: 'upstream', instances: ['low[sub-02]'] }]);
    // As it turns out, `low` gives what it gave then.
    expect((await study.run()).worked).toEqual(['each[sub-02]', 'low[sub-02]']);
  });

  it('names what somebody changed rather than what another experiment gives', async () => {
    const yaml = `voxreel: 1
name: two
params: { end: "!" }
inputs: { a: { type: text, path: a.txt }, b: { type: text, path: b.txt } }
steps:
  loud: { uses: append, in: { text: inputs.a }, with: { suffix: "\${params.end}" } }
  both: { uses: pair, in: { text: steps.loud, more: inputs.b } }
experiments: { question: { end: "?" } }
`;
    const port = { type: 'text', description: 'A text.' };
    await start(yaml, [textStep('pair', {}, (content) => content, { inputs: { text: port, more: port } })]);
    await study.write('a.txt', 'One');
    await study.write('b.txt', 'Two');
    await study.run({ experiment: 'question' });
    await study.write('b.txt', 'Three');
    await study.run();
    // Since the last result the other text changed, since the one of this experiment the file.
    expect(reasonsOf(await study.plan({ experiment: 'question' }), 'both')).toMatchObject([
      { kind: 'input-changed', port: 'more', files: [{ path: path.join(study.dir, 'b.txt') }] },
    ]);
  });

  it('never counts as certain what only an instance that has yet to run could change', async () => {
    await start();
    await study.run({ experiment: 'question' });
    await study.write('people/sub-02.txt', 'TWO');
    await study.run();
    // The last result of sub-02 was made with the other suffix: what it will be with this one is not known.
    const made = await study.plan({ experiment: 'question' });
    expect(stateOf(made, 'all')).toBe('upstream');
    expect(reasonsOf(made, 'all')).toEqual([{ kind: 'upstream', instances: ['low[sub-02]'] }]);
    expect((await study.run({ experiment: 'question' })).worked).toEqual(['each[sub-02]', 'low[sub-02]']);
  });

  it('names the members that joined and left a list', async () => {
    await start();
    await study.run();
    await rm(path.join(study.dir, 'people/sub-01.txt'));
    await study.write('people/sub-03.txt', 'Three');
    const members = [
      { kind: 'input-changed', port: 'texts', label: 'sub-03', origin: 'steps.low[sub-03]', change: 'added' },
      { kind: 'input-changed', port: 'texts', label: 'sub-01', origin: 'sub-01', change: 'removed' },
    ];
    const made = await study.plan();
    expect(stateOf(made, 'all')).toBe('run');
    expect(reasonsOf(made, 'all')).toEqual(members);
    const ran = await study.run();
    const started = ran.events.find((event) => event.type === 'started' && event.instance === 'all');
    expect(started).toMatchObject({ reasons: members });
  });

  it('names a raised step version and a changed tool', async () => {
    const yaml = YAML.replace('uses: lower', 'uses: tooled');
    const tooled = (version: number, ffmpeg: string) =>
      textStep('tooled', {}, (content) => content, { version, tools: async () => ({ ffmpeg }) });
    await start(yaml, [tooled(1, '5.1')]);
    await study.run();
    const registry = tinyRegistry([tooled(2, '6.0')]);
    const workflow = await loadWorkflow(path.join(study.dir, 'study.yaml'), { registry });
    const graph = expandGraph(workflow, await resolveInputs(workflow, registry));
    const made = await plan(graph, { store: await study.store(), registry });
    expect(reasonsOf(made, 'low[sub-01]')).toEqual([
      { kind: 'step-version', before: 1, after: 2 },
      { kind: 'tool-changed', tool: 'ffmpeg', before: '5.1', after: '6.0' },
    ]);
    expect(stateOf(made, 'each[sub-01]')).toBe('cached');
  });

  it('asks for the identity of tools once per step type and parameters', async () => {
    let asked = 0;
    const step = textStep('tooled', {}, (content) => content, {
      tools: async () => {
        asked++;
        return { ffmpeg: '1' };
      },
    });
    await start(YAML.replace('uses: lower', 'uses: tooled'), [step]);
    await study.plan();
    expect(asked).toBe(1);
  });
});

describe('a damaged store', () => {
  const damaged = async (id: string, options: { verify?: boolean } = {}) => {
    const made = await study.plan(options);
    expect(stateOf(made, id)).toBe('run');
    expect(reasonsOf(made, id)[0]!.kind).toBe('damaged');
    return (reasonsOf(made, id)[0] as { detail: string }).detail;
  };

  it('misses a blob: the step runs again, and nothing after it', async () => {
    await start();
    await study.run();
    await rm(await blobOf('each[sub-01]'));
    expect(await damaged('each[sub-01]')).toContain('gone');
    const again = await study.run();
    expect(again.worked).toEqual(['each[sub-01]']);
    expect(again.ok).toBe(true);
  });

  it('has a blob cut short: it goes to quarantine and is made again', async () => {
    await start();
    await study.run();
    const blob = await blobOf('each[sub-01]');
    await chmod(blob, 0o644);
    await truncate(blob, 1);
    expect(await damaged('each[sub-01]')).toContain('has 1 bytes');
    // The plan has set it aside.
    const again = await study.run();
    expect(again.worked).toEqual(['each[sub-01]']);
    const started = again.events.find((event) => event.type === 'started');
    const detail = 'text.txt of text is gone; a damaged copy of it was set aside';
    expect(started).toMatchObject({ reasons: [{ kind: 'damaged', detail }] });
    expect(await readdir(path.join(study.dir, '.voxreel/quarantine'))).toHaveLength(1);
    expect((await study.plan({ verify: true })).counts.cached).toBe(5);
  });

  it('has a blob that someone wrote to, same size: its time gives it away', async () => {
    await start();
    await study.run();
    const blob = await blobOf('each[sub-01]');
    await chmod(blob, 0o644);
    await writeFile(blob, 'Eno!');
    const later = new Date(Date.now() + 5000);
    await utimes(blob, later, later);
    expect(await damaged('each[sub-01]')).toContain('digest');
  });

  it('has a blob with rotten bits and an innocent time: found when every digest is checked', async () => {
    await start();
    await study.run();
    const blob = await blobOf('each[sub-01]');
    await chmod(blob, 0o644);
    await writeFile(blob, 'Eno!');
    await utimes(blob, new Date(0), new Date(0));
    expect(stateOf(await study.plan(), 'each[sub-01]')).toBe('cached');
    expect(await damaged('each[sub-01]', { verify: true })).toContain('digest');
  });

  it('has a blob that was only touched (a copied store): it is read once and trusted again', async () => {
    await start();
    await study.run();
    const blob = await blobOf('each[sub-01]');
    const later = new Date(Date.now() + 60_000);
    await utimes(blob, later, later);
    expect(stateOf(await study.plan(), 'each[sub-01]')).toBe('cached');
    const store = await study.store();
    const { record } = (await study.plan()).instances[0]!;
    expect(store.examine(record!)).toEqual([]);
  });

  it('has a record that is not JSON: the step runs again and says so', async () => {
    await start();
    await study.run();
    const made = await study.plan();
    const { key } = made.instances.find(({ instance }) => instance.id === 'all')!;
    await writeFile(path.join(study.dir, '.voxreel/records', key!.slice(0, 2), `${key}.json`), '{"form');
    // The copy of the last run's records would still serve.
    expect(stateOf(await study.plan(), 'all')).toBe('cached');
    await rm(path.join(study.dir, '.voxreel/packs'), { recursive: true });
    expect(await damaged('all')).toContain('not JSON');
    expect((await study.run()).worked).toEqual(['all']);
  });

  it('lost a result that was there last time: the reason says that, not "first time"', async () => {
    await start();
    await study.run();
    await removeRecord('all');
    const again = await study.plan();
    expect(stateOf(again, 'all')).toBe('run');
    expect(reasonsOf(again, 'all')).toEqual([{ kind: 'collected' }]);
  });

  it('lost all results: what stands behind others says so too, with the time of the collection', async () => {
    await start();
    await study.run();
    const now = new Date(Date.now() + 30 * 24 * 3600_000);
    await collectGarbage(await study.store(), { olderThanMs: 24 * 3600_000, now });
    const made = await study.plan();
    expect(made.counts).toEqual({ cached: 0, run: 5, upstream: 0 });
    for (const { reasons } of made.instances) expect(reasons).toEqual([{ kind: 'collected', when: now.toISOString() }]);
  });

  it('lost a result that was not the last one: the reason is the collection, not what changed since', async () => {
    await start();
    await study.run();
    const first = (await study.plan()).instances.map(({ key }) => key!);
    await study.run({ experiment: 'question' });
    const store = await study.store();
    const now = new Date();
    await noteCollected(store, first, now);
    for (const key of first) await rm(path.join(study.dir, '.voxreel/records', key.slice(0, 2), `${key}.json`));
    expect(reasonsOf(await study.plan(), 'each[sub-01]')).toEqual([{ kind: 'collected', when: now.toISOString() }]);
  });

  it('lost a result in the middle: what comes after it runs only if it comes out different', async () => {
    await start();
    await study.run();
    await removeRecord('low[sub-01]');
    const made = await study.plan();
    expect(reasonsOf(made, 'low[sub-01]')).toEqual([{ kind: 'collected' }]);
    expect(stateOf(made, 'all')).toBe('upstream');
    expect(reasonsOf(made, 'all')).toEqual([{ kind: 'upstream', instances: ['low[sub-01]'] }]);
    expect((await study.run()).worked).toEqual(['low[sub-01]']);
  });
});
