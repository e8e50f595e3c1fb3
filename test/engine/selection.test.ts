import { afterEach, describe, expect, it } from 'vitest';
import { plan } from '../../engine/plan.js';
import { type Selection, select } from '../../engine/selection.js';
import { filesBelow, makeStudy, type Study, tinyRegistry } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

/** Two steps per person, one that gathers them, one more that has nothing to do with people. */
const YAML = `voxreel: 1
name: parts
inputs:
  people: { type: people, path: people }
  a: { type: text, path: a.txt }
steps:
  each: { uses: append, foreach: inputs.people, in: { text: item.text } }
  low: { uses: lower, foreach: inputs.people, in: { text: steps.each } }
  all: { uses: join, in: { texts: steps.low } }
  apart: { uses: lower, in: { text: inputs.a } }
outputs: { low: steps.low, all: steps.all, apart: steps.apart }
`;

async function start(): Promise<void> {
  study = await makeStudy(YAML);
  for (const who of ['01', '02', '11']) await study.write(`people/sub-${who}.txt`, `Text ${who}`);
  await study.write('a.txt', 'A');
}

async function selected(selection: Selection) {
  const { graph, force } = select(await study.graph(), selection);
  return { ids: graph.instances.map(({ id }) => id), force: [...force] };
}

async function run(selection: Selection) {
  const { graph, force } = select(await study.graph(), selection);
  const { run: runGraph } = await import('../../engine/run.js');
  const worked: string[] = [];
  const result = await runGraph(graph, {
    store: await study.store(),
    registry: tinyRegistry(),
    force,
    onEvent: (event) => event.type === 'finished' && worked.push(event.instance),
  });
  return { ...result, worked: worked.sort() };
}

describe('until', () => {
  it('keeps a step, or one item of it, and what it needs', async () => {
    await start();
    expect((await selected({ until: ['each'] })).ids).toEqual(['each[sub-01]', 'each[sub-02]', 'each[sub-11]']);
    expect((await selected({ until: ['steps.low[sub-02]', 'apart'] })).ids).toEqual([
      'each[sub-02]',
      'low[sub-02]',
      'apart',
    ]);
  });

  it('publishes what was made and leaves what earlier runs published', async () => {
    await start();
    await run({ until: ['low'] });
    const root = (await run({ until: ['apart'] })).resultsDir;
    const published = (await filesBelow(root)).filter((file) => file.endsWith('.txt'));
    expect(published).toEqual(['apart/apart.txt', 'low/sub-01.txt', 'low/sub-02.txt', 'low/sub-11.txt']);
  });
});

describe('only', () => {
  it('keeps the items of an entity and what they need, nothing that gathers them', async () => {
    await start();
    const ids = ['each[sub-02]', 'low[sub-02]'];
    for (const only of ['subject=sub-02', 'sub=02', 'subject=2'])
      expect((await selected({ only: [only] })).ids).toEqual(ids);
    expect((await selected({ only: ['subject=1'] })).ids).toEqual(['each[sub-01]', 'low[sub-01]']);
    expect((await selected({ only: ['subject=01', 'subject=11'], until: ['each'] })).ids).toEqual([
      'each[sub-01]',
      'each[sub-11]',
    ]);
  });

  it('says which entities and values there are', async () => {
    await start();
    const problem = async (selection: Selection) => (await selected(selection).catch((error) => error)).problems[0];
    expect(await problem({ only: ['subject=07'] })).toMatchObject({
      message: 'no item has subject `07`',
      expected: '`sub-01`, `sub-02` or `sub-11`',
    });
    expect(await problem({ only: ['subjekt=01'] })).toMatchObject({ hint: 'Did you mean `subject`?' });
    expect((await problem({ only: ['subject=01'], until: ['all'] })).message).toContain('nothing is left to run');
  });
});

describe('force', () => {
  it('runs a cached step again; what comes after it stays cached when the bytes are the same', async () => {
    await start();
    await run({});
    expect(await run({ force: ['each[sub-01]'] })).toMatchObject({ worked: ['each[sub-01]'], cached: 7 });
    expect((await run({ force: ['each'] })).worked).toEqual(['each[sub-01]', 'each[sub-02]', 'each[sub-11]']);
    expect((await run({})).worked).toEqual([]);
  });

  it('is a reason of its own in the plan', async () => {
    await start();
    await run({});
    const { graph, force } = select(await study.graph(), { from: ['low[sub-01]'] });
    const made = await plan(graph, { store: await study.store(), registry: tinyRegistry(), force });
    const reasons = new Map(made.instances.map(({ instance, reasons: [reason] }) => [instance.id, reason!.kind]));
    expect(Object.fromEntries(reasons)).toMatchObject({
      'each[sub-01]': 'cached',
      'low[sub-01]': 'forced',
      'low[sub-02]': 'cached',
      all: 'forced',
    });
  });

  it('of a step that does not exist names the nearest', async () => {
    await start();
    const error = await selected({ force: ['eech'] }).catch((thrown) => thrown);
    expect(error.problems[0]).toMatchObject({ place: { file: '--force eech' }, hint: 'Did you mean `each`?' });
    const item = await selected({ from: ['each[sub-03]'] }).catch((thrown) => thrown);
    expect(item.problems[0].expected).toContain('each[sub-11]');
  });
});

describe('from', () => {
  it('runs a step and all that comes after it', async () => {
    await start();
    await run({});
    expect((await run({ from: ['low'] })).worked).toEqual(['all', 'low[sub-01]', 'low[sub-02]', 'low[sub-11]']);
  });

  it('reaches no further than until', async () => {
    await start();
    await run({});
    expect((await run({ from: ['each[sub-01]'], until: ['low'] })).worked).toEqual(['each[sub-01]', 'low[sub-01]']);
  });
});
