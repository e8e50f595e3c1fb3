import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openRunLog } from '../../cache/run-log.js';
import type { RunEvent } from '../../engine/events.js';
import { planAll } from '../../engine/plan-all.js';
import { runAll } from '../../engine/run-all.js';
import { pastRuns } from '../../engine/run-record.js';
import { select } from '../../engine/selection.js';
import { filesBelow, makeStudy, type Study, tinyRegistry } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const YAML = `voxreel: 1
name: many
params: { end: "!", word: none, source: a.txt }
inputs:
  a: { type: text, path: "\${params.source}" }
steps:
  low: { uses: lower, in: { text: inputs.a } }
  loud: { uses: append, in: { text: steps.low }, with: { suffix: "\${params.end}" } }
  same: { uses: lower, in: { text: steps.loud } }
  last: { uses: reject, in: { text: steps.same }, with: { word: "\${params.word}" } }
outputs: { last: steps.last }
experiments:
  question: { end: "?" }
  bad: { word: hello }
  twin: { source: b.txt }
  again: {}
`;
const NAMES = ['default', 'question', 'bad', 'twin', 'again'];

async function make() {
  study = await makeStudy(YAML);
  await study.write('a.txt', 'Hello');
  await study.write('b.txt', 'Hello');
}

async function selected(names: readonly string[] = NAMES) {
  const graphs = names.map((experiment) => study.graph(experiment === 'default' ? {} : { experiment }));
  return (await Promise.all(graphs)).map((graph) => select(graph, {}));
}

async function everything(names?: readonly string[]) {
  const events: RunEvent[] = [];
  const told = new Map<string, RunEvent[]>();
  const result = await runAll(await selected(names), {
    store: await study.store(),
    registry: tinyRegistry(),
    cores: 4,
    onEvent: (event) => events.push(event),
    onExperiment: (name, event) => told.set(name, [...(told.get(name) ?? []), event]),
  });
  const worked = events.flatMap((event) => (event.type === 'finished' ? [event.instance] : [])).sort();
  return { result, events, told, worked };
}

const published = (experiment: string) =>
  readFile(path.join(study.dir, 'results', 'many', experiment, 'last', 'last.txt'), 'utf8');

describe('all experiments in one run', () => {
  it('runs what they share once, and what differs for each', async () => {
    await make();
    const { result, worked } = await everything();
    // `twin` reads another file of the same content: its steps are told apart by name, and made once all the same.
    expect(worked.map((id) => id.replace('@twin', ''))).toEqual([
      'last',
      'last@question',
      'loud',
      'loud@question',
      'low',
      'same',
      'same@question',
    ]);
    expect(await published('default')).toBe('hello!');
    expect(await published('question')).toBe('hello?');
    expect(await published('twin')).toBe('hello!');
    expect(await published('again')).toBe('hello!');
    const counts = result.experiments.map(({ experiment, ran, shared, cached }) => [experiment, ran, shared, cached]);
    expect(counts.filter(([name]) => ['question', 'again'].includes(name as string))).toEqual([
      ['question', 3, 1, 1],
      ['again', 0, 4, 4],
    ]);
  });

  it('does not lose the others when one fails', async () => {
    await make();
    const { result } = await everything();
    expect(result).toMatchObject({ ok: false, failed: 1 });
    const [first, question, bad] = result.experiments;
    expect(first!.ok && question!.ok).toBe(true);
    expect(bad).toMatchObject({ experiment: 'bad', ok: false, failed: 1, ran: 0, shared: 3 });
    expect(await filesBelow(bad!.resultsDir)).toEqual([]);
  });

  it('publishes the same files as one run after the other, and leaves nothing to do for them', async () => {
    await make();
    const names = NAMES.filter((name) => name !== 'bad');
    await everything(names);
    const together = new Map<string, string>();
    const results = path.join(study.dir, 'results');
    for (const file of await filesBelow(results)) together.set(file, await readFile(path.join(results, file), 'utf8'));
    for (const experiment of names) {
      const alone = await study.run(experiment === 'default' ? {} : { experiment });
      expect(alone).toMatchObject({ ok: true, ran: 0, cached: 4 });
      const dir = path.join(results, 'many', experiment);
      for (const file of await filesBelow(dir)) {
        expect(await readFile(path.join(dir, file), 'utf8')).toBe(together.get(path.join('many', experiment, file)));
      }
    }
    expect((await everything(names)).result).toMatchObject({ ok: true, ran: 0 });
  });

  it('tells each experiment its own run, and keeps one entry for each in the log', async () => {
    await make();
    const { told } = await everything(['default', 'question']);
    const question = told.get('question')!;
    expect(question.flatMap((event) => (event.type === 'hit' ? [event.instance] : []))).toEqual(['low']);
    expect(question.flatMap((event) => (event.type === 'finished' ? [event.instance] : []))).toEqual([
      'loud',
      'same',
      'last',
    ]);
    expect(question.at(-1)).toMatchObject({ type: 'ended', ok: true, ran: 3, cached: 1 });
    const runs = pastRuns(openRunLog(await study.store()));
    expect(runs.map(({ facts }) => [facts.experiment, facts.totals?.ran]).sort()).toEqual([
      ['default', 4],
      ['question', 3],
    ]);
  });

  it('says what it would do, and why, compared with the last result of the same experiment', async () => {
    await make();
    const names = ['default', 'question', 'again'];
    const plan = async () => planAll(await selected(names), { store: await study.store(), registry: tinyRegistry() });
    expect((await plan()).experiments).toEqual([
      { experiment: 'default', instances: 4, cached: 0, run: 4, upstream: 0, shared: 0 },
      { experiment: 'question', instances: 4, cached: 0, run: 3, upstream: 0, shared: 1 },
      { experiment: 'again', instances: 4, cached: 0, run: 0, upstream: 0, shared: 4 },
    ]);
    await everything(names);
    await study.write('study.yaml', YAML.replace('end: "?"', 'end: "??"'));
    const { experiments, instances } = await plan();
    expect(experiments.map(({ cached }) => cached)).toEqual([4, 1, 4]);
    expect(instances.find(({ instance }) => instance.id === 'loud@question')).toMatchObject({
      state: 'run',
      reasons: [{ kind: 'param-changed', name: 'suffix', before: '?', after: '??' }],
    });
  });
});
