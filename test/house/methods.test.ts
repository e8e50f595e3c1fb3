import { describe, expect, it } from 'vitest';
import type { Json, JsonSchema } from '../../artifacts/artifact.js';
import { citedKeys, type Reference, withCitations } from '../../engine/methods/reference.js';
import { type MethodsText, sections } from '../../engine/methods/text.js';
import type { StepType } from '../../engine/step-type.js';
import { registry } from '../../steps/registry.js';

/** Parameters without a default that a step cannot do without. */
const given: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  command: { run: ['fslmaths', 'in.nii.gz'], outputs: { map: { type: 'image', path: 'map.nii.gz' } } },
  resample: { kind: 'atlas' },
};

function defaults(type: StepType): Record<string, Json> {
  const own = Object.entries(type.params.properties as Record<string, JsonSchema>);
  const filled = own.flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value as Json]]));
  return { ...Object.fromEntries(filled), ...given[type.name] };
}

/** Each choice that a parameter offers, one at a time beside the defaults. */
function variants(type: StepType): Record<string, Json>[] {
  const base = defaults(type);
  const varied = Object.entries(type.params.properties as Record<string, JsonSchema>).flatMap(([name, schema]) => {
    const choices = (schema.enum ?? (schema.type === 'boolean' ? [true, false] : [])) as Json[];
    return choices.map((value) => ({ ...base, [name]: value }));
  });
  return [base, ...varied].filter((params) => (type.checkParams?.(params) ?? []).length === 0);
}

async function told(type: StepType, params: Record<string, Json>, count: number): Promise<MethodsText> {
  const inputs = Object.fromEntries(Object.keys(type.inputs).map((port) => [port, [{ tr: 2 }, { tr: 2 }]]));
  const facts = { params, count, subjects: count, inputs, outputs: {}, tools: {} };
  return (await type.methods!(facts)) as MethodsText;
}

describe.each([...registry.steps.values()].map((type) => [type.name, type] as const))(
  'the methods of %s',
  (_, type) => {
    it('are whole sentences for every choice of a parameter, and every citation resolves', async () => {
      expect(type.methods).toBeDefined();
      for (const params of variants(type)) {
        for (const count of [1, 8]) {
          const { section, text, references } = await told(type, params, count);
          const where = `${JSON.stringify(params)}: ${text}`;
          expect(Object.keys(sections), where).toContain(section);
          expect(text, where).toMatch(/^[A-Z][\s\S]*\.$/);
          expect(text, where).not.toMatch(/undefined|NaN|null|\[object|\s{2}|\s[.,;]|\(\)|;;/);
          const cited = withCitations(text, new Map(references.map((one) => [one.key, one])));
          expect(cited, where).not.toContain('[@');
          expect(citedKeys(text).sort(), where).toEqual(references.map(({ key }) => key).sort());
        }
      }
    });

    it('tell each choice of a model, a correction or a design apart', async () => {
      for (const name of ['model', 'noise', 'correction', 'design', 'method', 'statistic', 'backend', 'weights']) {
        const choices = (type.params.properties[name] as JsonSchema | undefined)?.enum as Json[] | undefined;
        if (!choices) continue;
        const texts = await Promise.all(
          choices.map(async (value) => (await told(type, { ...defaults(type), [name]: value }, 8)).text),
        );
        expect(new Set(texts).size, `${name}: ${texts.join('\n')}`).toBe(choices.length);
      }
    });
  },
);

describe('the methods of threshold and permute', () => {
  const of = async (name: string, params: object, meta: Record<string, Json>) => {
    const type = registry.steps.get(name)!;
    const facts = { count: 1, subjects: 0, inputs: { maps: [meta] }, outputs: { maps: [meta] }, tools: {} };
    return ((await type.methods!({ ...facts, params: { ...defaults(type), ...params } })) as MethodsText).text;
  };

  it('say whose null distribution corrected the p values', async () => {
    const params = { correction: 'fwe-voxel' };
    expect(await of('threshold', params, { permutation: { rearranged: 'signs' } })).toContain('by permutation');
    for (const rearranged of ['phases', 'shifts']) {
      expect(await of('threshold', params, { permutation: { rearranged } })).toContain('by surrogate regressors');
    }
  });

  it('say how many permutations there were, not how many were asked for', async () => {
    const exact = await of('permute', {}, { n: 8, permutation: { count: 256, exact: true, seed: null } });
    expect(exact).toContain('with all 256 flips of the signs of subjects');
    expect(exact).not.toMatch(/5000|seed/);
    const drawn = await of('permute', { seed: 7 }, { n: 20, permutation: { count: 5000, exact: false, seed: 7 } });
    expect(drawn).toContain(
      'over 20 subjects was repeated, one-sided, with 5000 flips of the signs of subjects drawn with seed 7',
    );
  });
});

/** How the DOIs of a journal begin. */
const JOURNALS: Readonly<Record<string, RegExp>> = {
  Biometrika: /^10\.1093\/biomet\//,
  'Computer Graphics': /^10\.1145\//,
  'Computers and Biomedical Research': /^10\.1006\/cbmr\./,
  'Frontiers in Neuroinformatics': /^10\.3389\/fninf\./,
  'Human Brain Mapping': /^10\.1002\/hbm\./,
  'IEEE Transactions on Medical Imaging': /^10\.1109\/42\./,
  'International Conference on Learning Representations': /^10\.48550\/arXiv\./,
  'Journal of the American Statistical Association': /^10\.1080\/01621459\./,
  'Journal of the Optical Society of America A': /^10\.1364\/JOSAA\./,
  'Journal of the Royal Statistical Society B': /^10\.1111\/j\.2517-6161\./,
  'Magnetic Resonance in Medicine': /^10\.1002\/mrm\./,
  'Nature Methods': /^10\.1038\/s41592-/,
  NeuroImage: /^10\.(1006\/nimg\.|1016\/(j\.neuroimage\.|S1053-8119))/,
  'Physica D': /^10\.1016\/0167-2789/,
  'Physical Review Letters': /^10\.1103\/PhysRevLett\./,
  Psychoradiology: /^10\.1093\/psyrad\//,
  'Scientific Data': /^10\.1038\/sdata\./,
  'The Annals of Statistics': /^10\.1214\/aos\//,
};
/** Publishers that write the year into a DOI: it is that of the issue or, where it came first, of acceptance. */
const YEAR_IN_DOI = /^10\.(?:1006\/\w+\.|1016\/j\.neuroimage\.|1038\/sdata\.)(\d{4})\./;

describe('references', () => {
  it('have DOIs of their journal and year, and keys of their first author and year', async () => {
    for (const { key, authors, year, where, doi } of await citedBySteps()) {
      const [, name, number] = /^([a-z]+)(\d{4})$/.exec(key) ?? [];
      if (number !== undefined) expect({ key, year }).toEqual({ key, year: Number(number) });
      if (number !== undefined && authors[0]!.includes(','))
        expect(authors[0]!.split(',')[0]!.toLowerCase(), key).toBe(name);
      if (where && doi) expect(doi, `${key}: ${where}`).toMatch(JOURNALS[where] ?? /^there is no such journal here$/);
      const inDoi = Number(YEAR_IN_DOI.exec(doi ?? '')?.[1] ?? year);
      if (year !== undefined) expect([year, year - 1], key).toContain(inDoi);
    }
  });

  it('have all that a reader needs to find them', async () => {
    const all = await citedBySteps();
    expect(all.length).toBeGreaterThan(25);
    for (const { key, kind, authors, title, year, where, doi, url, volume } of all) {
      expect(
        authors.every((author) => author.length > 2),
        key,
      ).toBe(true);
      expect(title.length, key).toBeGreaterThan(4);
      if (kind === 'article')
        expect({ key, complete: Boolean(year && where && volume) }).toEqual({ key, complete: true });
      if (doi !== undefined) expect(doi, key).toMatch(/^10\.\d{4,}\/\S+$/);
      if (year === undefined) expect(url, key).toMatch(/^https:/);
    }
  });
});

async function citedBySteps(): Promise<Reference[]> {
  const texts = await Promise.all(
    [...registry.steps.values()].flatMap((type) => variants(type).map((params) => told(type, params, 8))),
  );
  return [...new Map(texts.flatMap(({ references }) => references.map((one) => [one.key, one]))).values()];
}
