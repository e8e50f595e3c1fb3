import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../artifacts/user-error.js';
import { filesBelow, makeStudy, type Study, textStep, wait } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const yaml = (limits: string) => `voxreel: 1
name: limits
inputs: { a: { type: text, path: a.txt } }
steps:
  work: { uses: work, in: { text: inputs.a }${limits && `, ${limits}`} }
  next: { uses: lower, in: { text: steps.work } }
`;

async function start(limits: string, work: (content: string, signal: AbortSignal) => Promise<string> | string) {
  const step = textStep('work', {}, (content, { signal }) => work(content, signal));
  study = await makeStudy(yaml(limits), [step]);
  await study.write('a.txt', 'A');
}

describe('retries', () => {
  it('run a step again that fails, and say so', async () => {
    let times = 0;
    await start('retries: 2', () => {
      if (times++ < 1) throw new UserError({ message: 'not yet' });
      return 'done';
    });
    const result = await study.run();
    expect(result).toMatchObject({ ok: true, ran: 2, failed: 0 });
    expect(result.events.find(({ type }) => type === 'retried')).toMatchObject({
      instance: 'work',
      attempt: 2,
      attempts: 3,
      problems: [{ message: 'not yet' }],
    });
  });

  it('end with the failure of the last attempt; without them a step is tried once', async () => {
    let times = 0;
    const fail = () => {
      throw new UserError({ message: `failure ${++times}` });
    };
    for (const [limits, attempts] of [
      ['retries: 1', 2],
      ['', 1],
    ] as const) {
      times = 0;
      await start(limits, fail);
      const result = await study.run();
      expect(result.states.get('work')).toBe('failed');
      expect(times).toBe(attempts);
      const failed = result.events.find((event) => event.type === 'failed');
      expect(failed!.problems[0]!.message).toBe(`failure ${attempts}`);
      if (attempts > 1) await study.remove();
    }
  });

  it('begin in an empty folder, with nothing of the attempt before', async () => {
    const folders: string[][] = [];
    const step = textStep('work', {}, async (_, { workDir }) => {
      folders.push(await filesBelow(workDir));
      await study.write(path.relative(study.dir, path.join(workDir, 'left')), 'x');
      if (folders.length < 2) throw new Error('fault');
      return 'done';
    });
    study = await makeStudy(yaml('retries: 1'), [step]);
    await study.write('a.txt', 'A');
    expect((await study.run()).ok).toBe(true);
    expect(folders).toEqual([[], []]);
  });
});

describe('a timeout', () => {
  it('ends a step that listens, names the step and its place, and keeps nothing', async () => {
    await start('timeout: 0.2', async (_, signal) => {
      await wait(30_000, signal);
      return 'late';
    });
    const result = await study.run();
    expect(result.seconds).toBeLessThan(10);
    expect(result).toMatchObject({ ok: false, interrupted: false, failed: 1, skipped: 1 });
    const failed = result.events.find((event) => event.type === 'failed')!;
    expect(failed.problems[0]).toMatchObject({
      message: 'work was ended after 0.2 s, its `timeout`',
      place: { file: path.join(study.dir, 'study.yaml'), line: 5 },
    });
    expect(await filesBelow(path.join(study.dir, '.voxreel/records'))).toEqual([]);
  });

  it('does not wait for a step that does not listen', async () => {
    await start('timeout: 0.2', async () => {
      await wait(15_000);
      return 'late';
    });
    const result = await study.run();
    expect(result.seconds).toBeLessThan(10);
    expect(result.states.get('work')).toBe('failed');
  });

  it('leaves a step alone that ends in time, and a retried one has its whole time again', async () => {
    let times = 0;
    await start('timeout: 10 s, retries: 1', async () => {
      if (times++ === 0) throw new Error('fault');
      return 'done';
    });
    expect((await study.run()).ok).toBe(true);
  });
});

describe('memory', () => {
  it('that the workflow states decides how many run at once', async () => {
    let now = 0;
    let most = 0;
    const step = textStep('work', {}, async (content) => {
      most = Math.max(most, ++now);
      await wait(50);
      now--;
      return content;
    });
    const fan = `voxreel: 1
name: fan
inputs: { people: { type: people, path: people } }
steps:
  each: { uses: work, foreach: inputs.people, in: { text: item.text }, memory: 0.5 GB }
`;
    study = await makeStudy(fan, [step]);
    for (const who of ['01', '02', '03', '04']) await study.write(`people/sub-${who}.txt`, who);
    expect((await study.run({ memoryMB: 1100, cores: 4 })).ok).toBe(true);
    expect(most).toBe(2);
  });
});

describe('limits in the workflow file', () => {
  it('are no part of a result: changing one runs nothing again', async () => {
    await start('', (content) => content);
    await study.run();
    await study.write('study.yaml', yaml('retries: 3, timeout: 2 h, memory: 4 GB'));
    expect((await study.run()).worked).toEqual([]);
    const { limits } = (await study.graph()).workflow.steps[0]!;
    expect(limits).toEqual({ retries: 3, timeout: 7200, memoryMB: 4096 });
  });

  it('that make no sense are told with their place', async () => {
    for (const limits of ['retries: -1', 'timeout: 5 days', 'memory: lots', 'timeout: 0']) {
      await start(limits, (content) => content);
      const error = await study.graph().catch((thrown) => thrown);
      expect(error.name, limits).toBe('UserError');
      expect(error.problems[0].place).toMatchObject({ line: 5 });
      await study.remove();
    }
  });
});
