import { rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { filesBelow, makeStudy, type Study, textStep } from '../support/tiny-study.js';

let study: Study;
afterEach(() => study?.remove());

const YAML = `voxreel: 1
name: edited
inputs:
  a: { type: text, path: a.txt }
  b: { type: text, path: b.txt }
steps:
  meddled: { uses: meddle, in: { text: inputs.a } }
  after: { uses: lower, in: { text: steps.meddled } }
  other: { uses: lower, in: { text: inputs.b } }
`;

/** A study whose first step does something to its own input file while it runs. */
async function start(meddle: (file: string) => Promise<void>): Promise<void> {
  let times = 0;
  const step = textStep('meddle', {}, async (content) => {
    if (times++ === 0) await meddle(path.join(study.dir, 'a.txt'));
    return `${content} seen`;
  });
  study = await makeStudy(YAML, [step]);
  await study.write('a.txt', 'old');
  await study.write('b.txt', 'B');
  // Older than the two seconds in which no time stamp is trusted: only then does the check rely on the times.
  const earlier = new Date(Date.now() - 60_000);
  for (const name of ['a.txt', 'b.txt']) await utimes(path.join(study.dir, name), earlier, earlier);
}

describe('a file that is edited while a step reads it', () => {
  const edits: Record<string, (file: string) => Promise<void>> = {
    'to another content of the same length': (file) => writeFile(file, 'new'),
    'and set back to its old time': async (file) => {
      await writeFile(file, 'new');
      const earlier = new Date(Date.now() - 60_000);
      await utimes(file, earlier, earlier);
    },
    'and back to what it was': async (file) => {
      await writeFile(file, 'new');
      await writeFile(file, 'old');
    },
    away: (file) => rm(file),
  };
  for (const [how, edit] of Object.entries(edits)) {
    it(`${how}: fails the step with the name of the file, keeps nothing of it, and all else`, async () => {
      await start(edit);
      const result = await study.run({ keepGoing: true });
      expect(Object.fromEntries(result.states)).toEqual({ meddled: 'failed', after: 'skipped', other: 'ran' });
      const failed = result.events.find((event) => event.type === 'failed')!;
      expect(failed.problems[0]).toMatchObject({
        message: 'this input was edited while meddled ran; what was made from it is not kept',
        place: { file: path.join(study.dir, 'a.txt') },
      });
      expect(await filesBelow(path.join(study.dir, '.voxreel/records'))).toHaveLength(1);
    });
  }

  it('is used with its new content by the next run', async () => {
    await start((file) => writeFile(file, 'new'));
    await study.run({ keepGoing: true });
    const again = await study.run();
    expect(again.worked).toEqual(['after', 'meddled']);
    expect(await again.text('after')).toBe('new seen');
  });

  it('is noticed before a later step of the same run starts, too', async () => {
    const late = textStep('late', {}, (content) => content, {
      inputs: {
        text: { type: 'text', description: 'A text.' },
        wait: { type: 'text', description: 'Only to come later.' },
      },
    });
    const meddle = textStep('meddle', {}, async (content) => {
      await writeFile(path.join(study.dir, 'b.txt'), 'edited');
      return content;
    });
    const yaml = YAML.replace(
      'uses: lower, in: { text: inputs.b }',
      'uses: late, in: { text: inputs.b, wait: steps.after }',
    );
    study = await makeStudy(yaml, [meddle, late]);
    await study.write('a.txt', 'a');
    await study.write('b.txt', 'B');
    const result = await study.run();
    const failed = result.events.find((event) => event.type === 'failed')!;
    expect(failed.problems[0]!.message).toBe(
      'this input was edited before other started; what was made from it is not kept',
    );
  });
});

it('a file that is only touched, linked to or given other rights before its step starts fails nothing', async () => {
  const touch = textStep('meddle', {}, async (content) => {
    const now = new Date();
    await utimes(path.join(study.dir, 'b.txt'), now, now);
    return content;
  });
  study = await makeStudy(YAML, [touch]);
  await study.write('a.txt', 'a');
  await study.write('b.txt', 'B');
  expect(await study.run({ jobs: 1 })).toMatchObject({ ok: true, ran: 3 });
});
