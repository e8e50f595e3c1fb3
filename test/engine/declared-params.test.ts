// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import { describe, expect, test } from 'vitest';
import { load, problemsOf, sound } from './spec-file.js';

/** The sound study with declared parameters; `more` goes into the declaration of `p`. */
const declared = (p = 'minimum: 0, maximum: 0.05', experiments = '{ strict: { p: 0.00001 } }') =>
  sound
    .replace(
      'params: { tr: 2, noise: white, p: 0.001 }',
      `params:
    tr: { default: 2, type: number, unit: s, exclusiveMinimum: 0, description: Time between two volumes. }
    noise: { default: white, enum: [white, ar1] }
    p: { default: 0.001, ${p} }
    plain: 3
    tag: { nothing: declared }`,
    )
    .replace(/ {2}experiments:[\s\S]*$/, `  experiments: ${experiments}\n`);

describe('declared parameters', () => {
  test('are used by their values', async () => {
    const workflow = await load(declared());
    expect(workflow.params).toEqual({ tr: 2, noise: 'white', p: 0.001, plain: 3, tag: { nothing: 'declared' } });
    expect(workflow.declared.tr).toMatchObject({ type: 'number', unit: 's' });
    expect(workflow.declared.p).toEqual({ type: 'number', minimum: 0, maximum: 0.05 });
    expect(workflow.steps.find(({ name }) => name === 'group')!.params.p).toBe(0.001);
    expect((await load(declared(), { experiment: 'strict' })).params.p).toBe(0.00001);
    expect((await load(declared(), { set: ['p=0.01', 'tr=1.5', 'plain=4'] })).params).toMatchObject({
      p: 0.01,
      tr: 1.5,
      plain: 4,
    });
  });

  test('refuse what is out of their range, from the file, an experiment or --set', async () => {
    expect(await problemsOf(declared('maximum: 0.0001'))).toEqual([
      '6:17 `params.p.default` is 0.001 | a number of at most 0.0001',
    ]);
    // Of an experiment that is not the one asked for, too.
    expect(
      await problemsOf(declared(undefined, '{ a: { p: 0.5, noise: arl }, b: { matrix: { tr: [1, 0] } } }')),
    ).toEqual([
      '29:24 `experiments.a.p` is 0.5 | a number from 0 to 0.05',
      '29:36 `experiments.a.noise` is "arl" | one of "white", "ar1" | Did you mean `ar1`?',
      '29:66 `experiments.b-tr0.tr` is 0 | a number above 0, in s | Time between two volumes.',
    ]);
    expect(await problemsOf(declared(), { set: ['p=0.5'] })).toEqual([
      '--set p=0.5 `p` cannot be 0.5 | a number from 0 to 0.05',
    ]);
    expect(await problemsOf(declared(), { set: ['noise=arl'] })).toEqual([
      '--set noise=arl `noise` cannot be "arl" | one of "white", "ar1" | Did you mean `ar1`?',
    ]);
    expect(await problemsOf(declared(), { set: ['nois=ar1'] })).toEqual([
      '--set nois=ar1 there is no parameter `nois` under `params` | `tr`, `noise`, `p`, `plain` or `tag` | Did you mean `noise`?',
    ]);
  });

  test('say what is wrong with a declaration', async () => {
    expect(await problemsOf(declared('max: 0.05'))).toEqual([
      expect.stringMatching(/^6:24 unknown key `max` in `params.p` \| .* \| It is written `maximum` here\.$/),
    ]);
    expect(await problemsOf(declared('type: float'))).toEqual([
      expect.stringMatching(/^6:30 `params.p.type` is "float" \| one of "number", /),
    ]);
    expect(await problemsOf(declared().replace('default: white, ', ''))).toEqual([
      expect.stringMatching(/^5:10 `default` is missing in `params.noise`/),
    ]);
    expect(await problemsOf(declared('type: integer', '{ strict: { p: 1 } }'))).toEqual([
      '6:17 `params.p.default` is 0.001 | a whole number',
    ]);
  });

  test('undeclared ones keep the kind of value they have, where nothing else says what they may be', async () => {
    const text = sound
      .replace('p: 0.001 }', 'p: 0.001, day: 3 }')
      .replace('"${params.tr}" }', '"${params.tr}", tag: "day-${params.day}" }'.replaceAll('$', '$$$$'))
      .replace('strict: { p: 0.00001 }', 'strict: { day: monday }');
    expect(await problemsOf(text)).toEqual(['25:18 `experiments.strict.day` is "monday" | a number']);
    expect((await load(text.replace('monday', '4'), { experiment: 'strict' })).params.day).toBe(4);
  });
});
