import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../engine/events.js';
import { append, filesBelow, makeStudy, type Study, textStep, wait } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const CHAIN = `voxreel: 1
name: chain
params: { end: "!" }
inputs:
  a: { type: text, path: a.txt }
steps:
  low: { uses: lower, in: { text: inputs.a } }
  loud: { uses: append, in: { text: steps.low }, with: { suffix: "\${params.end}" } }
  last: { uses: append, in: { text: steps.loud }, with: { suffix: "." } }
outputs: { last: steps.last }
experiments:
  question: { end: "?" }
`;

const FAN = `voxreel: 1
name: fan
inputs:
  people: { type: people, path: people }
steps:
  each: { uses: append, foreach: inputs.people, in: { text: item.text } }
  checked: { uses: reject, foreach: inputs.people, in: { text: steps.each } }
  all: { uses: join, in: { texts: steps.checked } }
outputs: { each: steps.checked, all: steps.all }
`;

async function chain(content = 'Hello'): Promise<Study> {
  study = await makeStudy(CHAIN);
  await study.write('a.txt', content);
  return study;
}

async function fan(texts: Record<string, string>, extra: Parameters<typeof makeStudy>[1] = [], yaml = FAN) {
  study = await makeStudy(yaml, extra);
  for (const [label, content] of Object.entries(texts)) await study.write(`people/${label}.txt`, content);
  return study;
}

const ofType = <T extends RunEvent['type']>(events: readonly RunEvent[], type: T) =>
  events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);

describe('what runs', () => {
  it('runs everything the first time, nothing the second', async () => {
    await chain();
    const first = await study.run();
    expect(first).toMatchObject({ ok: true, ran: 3, cached: 0, failed: 0, skipped: 0 });
    expect(await first.text('last')).toBe('hello!.');
    const second = await study.run();
    expect(second).toMatchObject({ ok: true, ran: 0, cached: 3 });
    expect(await second.text('last')).toBe('hello!.');
    expect(second.events.map(({ type }) => type)).toEqual(['planned', 'hit', 'hit', 'hit', 'published', 'ended']);
    expect(ofType(second.events, 'published')[0]).toMatchObject({ written: 0, files: 2 });
  });

  it('takes a comment in the YAML for no change', async () => {
    await chain();
    await study.run();
    await study.write('study.yaml', `# a comment\n${CHAIN.replace('steps:', 'steps:   # and another')}\n`);
    expect((await study.run()).worked).toEqual([]);
  });

  it('takes a renamed step and a moved input file for no change', async () => {
    await chain();
    await study.run();
    await study.write('b.txt', 'Hello');
    await study.write('study.yaml', CHAIN.replaceAll('loud', 'noisy').replace('a.txt', 'b.txt'));
    expect((await study.run()).worked).toEqual([]);
  });

  it('runs what depends on a changed parameter, and nothing when it is changed back', async () => {
    await chain();
    await study.run();
    const other = await study.run({ experiment: 'question' });
    expect(other.worked).toEqual(['last', 'loud']);
    expect(await other.text('last')).toBe('hello?.');
    expect((await study.run()).worked).toEqual([]);
  });

  it('stops where the bytes come out the same (early cutoff)', async () => {
    await chain('Hello');
    await study.run();
    await study.write('a.txt', 'HELLO');
    const again = await study.run();
    expect(again.worked).toEqual(['low']);
    expect(again.cached).toBe(2);
  });

  it('runs only the new member of a fan-out and what joins them', async () => {
    await fan({ 'sub-01': 'a', 'sub-02': 'b' });
    await study.run();
    await study.write('people/sub-03.txt', 'c');
    const again = await study.run();
    expect(again.worked).toEqual(['all', 'checked[sub-03]', 'each[sub-03]']);
    expect(await again.text('all')).toBe('sub-01=a! sub-02=b! sub-03=c!');
  });

  it('counts labels and order of list members, not the label of a single input', async () => {
    await fan({ 'sub-01': 'a', 'sub-02': 'b' });
    await study.run();
    // The same two texts under swapped labels: every single result is known, the joined one is not.
    await study.write('people/sub-01.txt', 'b');
    await study.write('people/sub-02.txt', 'a');
    const again = await study.run();
    expect(again.worked).toEqual(['all']);
    expect(await again.text('all')).toBe('sub-01=b! sub-02=a!');
  });

  it('does identical work inside one run once', async () => {
    let times = 0;
    const counted = textStep('counted', {}, async (content) => {
      times++;
      await wait(50);
      return content;
    });
    await fan({ 'sub-01': 'same', 'sub-02': 'same', 'sub-03': 'same' }, [counted], FAN.replace('append', 'counted'));
    const result = await study.run();
    expect(times).toBe(1);
    expect(result).toMatchObject({ ok: true, ran: 3, cached: 4 });
  });

  it('gives the same bytes whatever the number of jobs', async () => {
    const texts = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`sub-${i + 10}`, `text ${i}`]));
    const digests = [];
    for (const jobs of [1, 7]) {
      await fan(texts);
      const result = await study.run({ jobs });
      digests.push([...result.outputs.values()].flat().map(({ digest }) => digest));
      await study.remove();
    }
    expect(digests[0]).toEqual(digests[1]);
  });
});

describe('notes', () => {
  it('are told again when the result comes from the store', async () => {
    study = await makeStudy(CHAIN.replace('uses: lower', 'uses: remark'));
    await study.write('a.txt', 'Hello');
    for (const state of ['ran', 'cached']) {
      const result = await study.run();
      expect(result.states.get('low')).toBe(state);
      expect(ofType(result.events, 'note').map(({ message }) => message)).toEqual(['5 letters']);
    }
  });
});

describe('failures', () => {
  it('points at the parameter, skips what depends on it, and without keepGoing starts nothing new', async () => {
    await fan({ 'sub-01': 'good', 'sub-02': 'bad', 'sub-03': 'fine' });
    const result = await study.run({ jobs: 1 });
    expect(result.ok).toBe(false);
    const [failure] = ofType(result.events, 'failed');
    expect(failure).toMatchObject({ instance: 'checked[sub-02]', problems: [{ message: 'the text has "bad"' }] });
    expect(failure!.problems[0]!.place?.file).toBe(path.join(study.dir, 'study.yaml'));
    expect(failure!.stack).toBeUndefined();
    expect(result.states.get('checked[sub-03]')).toBe('skipped');
    expect(result.states.get('all')).toBe('skipped');
    expect(ofType(result.events, 'skipped').find(({ instance }) => instance === 'all')?.because).toBe(
      'checked[sub-02] failed',
    );
  });

  it('with keepGoing does what does not depend on them, and publishes it', async () => {
    await fan({ 'sub-01': 'good', 'sub-02': 'bad', 'sub-03': 'fine' });
    const result = await study.run({ keepGoing: true });
    expect(result).toMatchObject({ ok: false, ran: 5, failed: 1, skipped: 1 });
    expect(await filesBelow(path.join(result.resultsDir, 'each'))).toEqual([
      'sub-01.json',
      'sub-01.txt',
      'sub-03.json',
      'sub-03.txt',
    ]);
    await study.write('people/sub-02.txt', 'better');
    expect((await study.run()).worked).toEqual(['all', 'checked[sub-02]', 'each[sub-02]']);
  });

  it('keep their stack when they are bugs', async () => {
    study = await makeStudy(CHAIN.replace('uses: lower', 'uses: crash'));
    await study.write('a.txt', 'x');
    const [failure] = ofType((await study.run()).events, 'failed');
    expect(failure!.problems[0]!.message).toBe('no such thing');
    expect(failure!.stack).toContain('TypeError');
  });

  it('come from the artifact type when it refuses what a step made, and nothing enters the store', async () => {
    await chain('x');
    await append(study, 'a.txt', 'BROKEN');
    await study.write('study.yaml', CHAIN.replace('uses: lower', 'uses: append'));
    const result = await study.run();
    expect(ofType(result.events, 'failed')[0]!.problems[0]!.message).toBe('the text is broken');
    expect(await filesBelow(path.join(study.dir, '.voxreel/blobs'))).toEqual([]);
    expect(await filesBelow(path.join(study.dir, '.voxreel/records'))).toEqual([]);
  });

  it('leave no work folder behind', async () => {
    await fan({ 'sub-01': 'bad' });
    await study.run();
    expect(await readdir(path.join(study.dir, '.voxreel/tmp'))).toEqual([]);
  });
});

describe('inputs', () => {
  it('that vanish or are folders are told all at once, with their files', async () => {
    study = await makeStudy(
      CHAIN.replace('inputs:', 'inputs:\n  b: { type: text, path: . }').replace(
        'steps:',
        'steps:\n  other: { uses: lower, in: { text: inputs.b } }',
      ),
    );
    const error = await study.run().catch((thrown) => thrown);
    expect(error.name).toBe('UserError');
    expect(error.problems.map(({ place }: { place: { file: string } }) => place.file).sort()).toEqual([
      study.dir,
      path.join(study.dir, 'a.txt'),
    ]);
  });
});

describe('abort', () => {
  const SLOW = FAN.replace('uses: append', 'uses: sleep')
    .replace('each:', 'each: ')
    .replace('in: { text: item.text } }', 'in: { text: item.text }, with: { ms: 20000 } }');

  it('ends within 2 s, keeps what was finished, leaves nothing half-made; the next run goes on', async () => {
    const quick = textStep('quick', {}, async (content, { signal }) => {
      if (content === 'slow' && !process.env.VOXREEL_TEST_QUICK) await wait(20_000, signal);
      return content;
    });
    await fan({ 'sub-01': 'a', 'sub-02': 'slow', 'sub-03': 'c' }, [quick], FAN.replace('append', 'quick'));
    const controller = new AbortController();
    const running = study.run({ signal: controller.signal });
    await wait(400);
    const aborted = Date.now();
    controller.abort();
    const result = await running;
    expect(Date.now() - aborted).toBeLessThan(2000);
    expect(result).toMatchObject({ ok: false, interrupted: true, failed: 0 });
    expect(result.events.at(-1)).toMatchObject({ type: 'ended', interrupted: true });
    expect(await readdir(path.join(study.dir, '.voxreel/tmp'))).toEqual([]);
    process.env.VOXREEL_TEST_QUICK = '1';
    const next = await study.run();
    delete process.env.VOXREEL_TEST_QUICK;
    expect(next.ok).toBe(true);
    expect(next.worked).toEqual(['all', 'checked[sub-02]', 'each[sub-02]']);
  });

  it('ends within 2 s even when a step does not listen', async () => {
    const deaf = textStep('deaf', {}, async (content) => {
      await wait(4000);
      return content;
    });
    await fan({ 'sub-01': 'a' }, [deaf], FAN.replace('append', 'deaf'));
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 200);
    const began = Date.now();
    const result = await study.run({ signal: controller.signal });
    expect(Date.now() - began).toBeLessThan(2200);
    expect(result.interrupted).toBe(true);
    const told = result.events.length;
    await wait(4300);
    expect(result.events.length).toBe(told);
    expect(await filesBelow(path.join(study.dir, '.voxreel/records'))).toEqual([]);
  });

  it('before anything starts ends at once', async () => {
    await fan({ 'sub-01': 'a' }, [], SLOW);
    const result = await study.run({ signal: AbortSignal.abort() });
    expect(result).toMatchObject({ interrupted: true, ran: 0 });
  });
});

describe('cores and memory', () => {
  it('are never claimed twice; a step that asks for more than there is runs alone', async () => {
    let now = 0;
    let most = 0;
    const greedy = textStep(
      'greedy',
      {},
      async (content) => {
        most = Math.max(most, ++now);
        await wait(30);
        now--;
        return content;
      },
      { needs: () => ({ cores: 1, memoryMB: 600 }) },
    );
    const texts = { 'sub-01': 'a', 'sub-02': 'b', 'sub-03': 'c', 'sub-04': 'd' };
    await fan(texts, [greedy], FAN.replace('append', 'greedy'));
    expect((await study.run({ memoryMB: 1300, cores: 4 })).ok).toBe(true);
    expect(most).toBe(2);
    most = 0;
    await writeFile(path.join(study.dir, 'people/sub-05.txt'), 'e');
    await writeFile(path.join(study.dir, 'people/sub-06.txt'), 'f');
    expect((await study.run({ memoryMB: 100, cores: 4 })).ok).toBe(true);
    expect(most).toBe(1);
  });

  it('tells progress at most about ten times a second and never loses the last', async () => {
    const busy = textStep('busy', {}, async (content, { progress }) => {
      for (let i = 1; i <= 1000; i++) progress(i, 1000, 'things');
      return content;
    });
    await fan({ 'sub-01': 'a' }, [busy], FAN.replace('append', 'busy'));
    const told = ofType((await study.run()).events, 'progress').map(({ done }) => done);
    expect(told.length).toBeLessThan(10);
    expect(told.at(-1)).toBe(1000);
  });
});
