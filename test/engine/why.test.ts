import { afterEach, describe, expect, it } from 'vitest';
import { openRunLog } from '../../cache/run-log.js';
import { detailsOf, pastRuns } from '../../engine/run-record.js';
import { type Why, whyNow, whyThen } from '../../engine/why.js';
import { makeStudy, type Study } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const YAML = `voxreel: 1
name: chain
params: { end: "!" }
inputs: { a: { type: text, path: a.txt } }
steps:
  loud: { uses: append, in: { text: inputs.a }, with: { suffix: "\${params.end}" } }
  more: { uses: append, in: { text: steps.loud }, with: { suffix: "." } }
  last: { uses: append, in: { text: steps.more }, with: { suffix: "." } }
experiments:
  question: { end: "?" }
`;

async function start(): Promise<void> {
  study = await makeStudy(YAML);
  await study.write('a.txt', 'Hello');
}

/** `last run: reason < more …`: the chain from a result down to its first cause. */
function chain(why: Why): string {
  const own = why.reasons.filter(({ kind }) => kind !== 'upstream').map(({ kind }) => kind);
  return [`${why.instance} ${why.state}${own.length ? `: ${own}` : ''}`, ...why.causes.map(chain)].join(' < ');
}

const now = async (id: string, experiment?: string) =>
  chain(whyNow(await study.plan(experiment === undefined ? {} : { experiment }), await study.store(), id));

async function then(id: string, experiment?: string) {
  const store = await study.store();
  const made = await study.plan(experiment === undefined ? {} : { experiment });
  const { key } = made.instances.find(({ instance }) => instance.id === id)!;
  return whyThen(made.graph, openRunLog(store), store, id, key!)!;
}

describe('why a step runs', () => {
  it('goes down to the parameter that was changed', async () => {
    await start();
    await study.run();
    const why = await now('last', 'question');
    expect(why).toBe('last upstream < more upstream < loud run: param-changed');
  });

  it('tells of a cached result that is another than last time what it comes from', async () => {
    await start();
    await study.run();
    await study.run({ experiment: 'question' });
    const cause = 'more cached: input-changed < loud cached: param-changed';
    expect(await now('last')).toBe(`last cached: input-changed < ${cause}`);
    expect(await now('last', 'question')).toBe('last cached: cached');
  });
});

describe('why a step ran', () => {
  it('is told from the log of the run that made its result', async () => {
    await start();
    await study.run();
    const second = await study.run({ experiment: 'question' });
    await study.run({ experiment: 'question' });
    const { run, why } = await then('last', 'question');
    expect(run.id).toBe(second.id);
    expect(chain(why)).toBe('last ran: input-changed < more ran: input-changed < loud ran: param-changed');
  });

  it('is told from the results themselves for steps that were cached in that run', async () => {
    await start();
    await study.run();
    await study.run({ experiment: 'question' });
    await study.run();
    const back = await then('last');
    expect(chain(back.why)).toBe(
      'last cached: input-changed < more cached: input-changed < loud cached: param-changed',
    );
  });
});

describe('the log of runs', () => {
  it('lists runs with parameters, what ran and why, and digests of the outputs; no-ops share their list of keys', async () => {
    await start();
    const first = await study.run();
    const second = await study.run();
    const log = openRunLog(await study.store());
    const [newer, older] = pastRuns(log, 'chain');
    expect([newer!.id, older!.id]).toEqual([second.id, first.id]);
    expect(older!.facts).toMatchObject({ experiment: 'default', params: { end: '!' }, totals: { ok: true, ran: 3 } });
    expect(newer!.facts.totals).toMatchObject({ ran: 0, cached: 3 });
    expect(newer!.keys).toBe(older!.keys);
    expect(Object.keys(log.keys(older!)).sort()).toEqual(['last', 'loud', 'more']);
    const details = detailsOf(log, first.id);
    expect(details.ran.map(({ instance, reasons }) => [instance, reasons[0]!.kind])).toEqual([
      ['loud', 'first-time'],
      ['more', 'first-time'],
      ['last', 'first-time'],
    ]);
    expect(details.outputs).toEqual([{ output: 'last', digest: first.outputs.get('last')![0]!.digest }]);
  });

  it('leaves out entries that are damaged', async () => {
    await start();
    const { id } = await study.run();
    await study.write(`.voxreel/runs/${id}.json`, '{"form');
    expect(pastRuns(openRunLog(await study.store()))).toEqual([]);
  });
});
