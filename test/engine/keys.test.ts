import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyOf, stepKeys } from '../../engine/keys.js';
import { createScheduler } from '../../engine/scheduler.js';
import type { StepNode } from '../../engine/workflow.js';
import { tinySteps } from '../support/tiny-study.js';

const D1 = '1'.repeat(64);
const D2 = '2'.repeat(64);

function node(params: StepNode['params'], version = 1, name = 'append'): StepNode {
  const type = { ...tinySteps[0]!, name, version };
  const place = { file: 'x' };
  return { name: 'any', type, ports: type, params, wires: {}, limits: { retries: 0 }, place, placeOf: () => place };
}
const key = (params: StepNode['params'], inputs: Parameters<typeof keyOf>[1], tools = {}, version = 1, name?: string) =>
  keyOf(stepKeys(node(params, version, name), tools), inputs);

describe('a key', () => {
  it('is the sha256 of the canonical JSON that docs/caching.md describes', () => {
    const text =
      `{"inputs":{"bold":"${D1}","fits":[["sub-01","${D1}"],["sub-02","${D2}"]]},"keyFormat":1,` +
      '"params":{"fwhm":8,"layers":["a","b"]},"step":"glm","tools":{"ffmpeg":"5.1"},"version":3}';
    const inputs = {
      fits: [
        ['sub-01', D1],
        ['sub-02', D2],
      ],
      bold: D1,
    } as const;
    expect(key({ layers: ['a', 'b'], fwhm: 8 }, inputs, { ffmpeg: '5.1' }, 3, 'glm')).toBe(
      createHash('sha256').update(text).digest('hex'),
    );
  });

  it('changes with every one of its parts and with nothing else', () => {
    const two = [
      ['sub-01', D1],
      ['sub-02', D2],
    ] as const;
    const keys = [
      key({ a: 1 }, { x: D1 }),
      key({ a: 2 }, { x: D1 }),
      key({ a: '1' }, { x: D1 }),
      key({ a: 1 }, { x: D2 }),
      key({ a: 1 }, { y: D1 }),
      key({ a: 1 }, { x: D1 }, { t: '1' }),
      key({ a: 1 }, { x: D1 }, {}, 2),
      key({ a: 1 }, { x: D1 }, {}, 1, 'other'),
      key({ a: 1 }, { x: [['', D1]] }),
      key({ a: 1 }, { x: two }),
      key({ a: 1 }, { x: [two[1], two[0]] }),
      key({ a: 1 }, { x: [['sub-03', D1], two[1]] }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(key({ b: [1], a: { d: 1, c: 2 } }, { x: D1 })).toBe(key({ a: { c: 2, d: 1 }, b: [1] }, { x: D1 }));
  });
});

describe('the scheduler', () => {
  const task = (id: string, rank: number, cores = 1, memoryMB = 100) => ({ id, rank, cores, memoryMB });

  it('starts tasks by rank, whatever the order they become ready in', () => {
    const scheduler = createScheduler({ cores: 2, memoryMB: 1000, jobs: 10 });
    for (const [id, rank] of [
      ['c', 2],
      ['a', 0],
      ['d', 3],
      ['b', 1],
    ] as const)
      scheduler.add(task(id, rank));
    const first = [scheduler.take(), scheduler.take()];
    expect(first.map((one) => one?.id)).toEqual(['a', 'b']);
    expect(scheduler.take()).toBeUndefined();
    scheduler.release(first[0]!);
    expect(scheduler.take()?.id).toBe('c');
  });

  it('lets a smaller task overtake one that does not fit yet, within jobs', () => {
    const scheduler = createScheduler({ cores: 4, memoryMB: 1000, jobs: 2 });
    scheduler.add(task('first', 0, 2));
    scheduler.add(task('wide', 1, 3));
    scheduler.add(task('small', 2, 1));
    scheduler.add(task('tiny', 3, 1));
    expect(scheduler.take()?.id).toBe('first');
    expect(scheduler.take()?.id).toBe('small');
    expect(scheduler.take()).toBeUndefined();
  });

  it('runs what asks for more than there is, alone', () => {
    const scheduler = createScheduler({ cores: 2, memoryMB: 1000, jobs: 10 });
    scheduler.add(task('huge', 0, 2, 5000));
    scheduler.add(task('small', 1));
    const huge = scheduler.take()!;
    expect(huge.id).toBe('huge');
    expect(scheduler.take()).toBeUndefined();
    scheduler.release(huge);
    expect(scheduler.take()?.id).toBe('small');
  });
});
