// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { formatText } from '../../engine/spec/format.js';
import { root } from '../support/shared.js';
import { dedent } from './spec-file.js';

/** Found without the parser: what follows a `#` at the start of a line or after a blank, where no text holds one. */
const commentsOf = (text: string) =>
  text
    .split('\n')
    .flatMap((line) => /(?:^|\s)(#.*?)\s*$/.exec(line)?.[1] ?? [])
    .sort();

describe('the canonical form', () => {
  test('puts known keys in order with the comments that belong to them, and keeps what was written', () => {
    const text = `
      # top
      name:   messy

      steps:
          # about fit
          fit:
              with: {noise: "ols",   drop: 0.00001}   # chosen
              in: {bold: item.bold, list: [ a,b ]}
              foreach: inputs.bold
              uses: glm # the model
      voxreel: 1
      params:
          # width
          fwhm: 8 # mm
          threshold: .5 # z
          on: True

          "p": '0.001'
      # the end
    `;
    expect(formatText(dedent(text))).toBe(
      dedent(`
        # top
        voxreel: 1
        name: messy
        params:
          # width
          fwhm: 8       # mm
          threshold: .5 # z
          on: True

          "p": '0.001'

        steps:
          # about fit
          fit:
            uses: glm # the model
            foreach: inputs.bold
            in: { bold: item.bold, list: [a, b] }
            with: { noise: "ols", drop: 0.00001 } # chosen

        # the end
      `),
    );
  });

  test('writes what is too long for a line over several', () => {
    const entries = Array.from({ length: 12 }, (_, at) => `parameter_${at}: ${at}`);
    const formatted = formatText(`voxreel: 1\nparams: { ${entries.join(', ')} }\n`);
    expect(formatted).toBe(`voxreel: 1\nparams:\n${entries.map((entry) => `  ${entry}\n`).join('')}`);
  });

  test('leaves keys where they are when an alias depends on their order', () => {
    const text = 'steps:\n  a:\n    with: &same { x: 1 }\n    in: *same\n    uses: b\n';
    expect(formatText(text)).toBe(text);
  });

  test('keeps long and folded texts, block texts with # in them, and Windows line ends’ content', () => {
    const long = 'word '.repeat(60).trim();
    const text = `voxreel: 1\nname: x\ndescription: >-\n  # no comment\n  ${long}\nsteps:\n  a: { uses: b, with: { t: "${long} # no" } }\n`;
    for (const source of [text, text.replaceAll('\n', '\r\n')]) {
      const formatted = formatText(source)!;
      expect(parse(formatted)).toEqual(parse(text));
      expect(formatText(formatted)).toBe(formatted);
    }
  });

  test('of the workflows of this repository says the same, has all their comments, and is final', async () => {
    const folder = path.join(root, 'workflows');
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.yaml'))) {
      const text = await readFile(path.join(folder, name), 'utf8');
      const formatted = formatText(text)!;
      expect(parse(formatted), name).toEqual(parse(text));
      expect(commentsOf(formatted), name).toEqual(commentsOf(text));
      expect(formatText(formatted), name).toBe(formatted);
    }
  });

  test('of any data says the same, and is final', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('any'), { maxKeys: 4 }),
      ),
    })).any;
    const study = fc.record({
      steps: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), value),
      name: value,
      inputs: value,
    });
    fc.assert(
      fc.property(study, fc.boolean(), fc.integer({ min: 1, max: 7 }), (data, flow, indent) => {
        const text = stringify(data, { indent, collectionStyle: flow ? 'flow' : 'any' });
        const formatted = formatText(text)!;
        expect(parse(formatted)).toEqual(parse(text));
        expect(formatText(formatted)).toBe(formatted);
      }),
      { numRuns: 300 },
    );
  });
});
