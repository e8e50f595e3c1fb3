import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../artifacts/artifact.js';
import { fits } from '../../engine/spec/fits.js';
import { inputSchema, paramsSchema, skeleton } from '../../engine/spec/schema.js';
import { registry } from '../../steps/registry.js';

const ajv = new Ajv2020({ strict: false, useDefaults: true });

/** Values near what a schema asks for: right kinds, edges of ranges, choices, keys left out, and now and then anything. */
function near(schema: JsonSchema): fc.Arbitrary<unknown> {
  const noise = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      '',
      'a',
      '../b',
      'ab_1',
      0,
      -1,
      1,
      0.5,
      1e9,
      Number.NaN,
      [],
      {},
      [1],
      ['a', 'a'],
      { a: 1 },
    ),
    fc.jsonValue({ maxDepth: 2 }),
  );
  return fc.oneof({ weight: 20, arbitrary: meant(schema, noise) }, { weight: 1, arbitrary: noise });
}

function meant(schema: JsonSchema, noise: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  const branches = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (branches) return fc.oneof(...branches.map(near));
  const types = [schema.type ?? 'null'].flat() as string[];
  return fc.oneof(...types.map((type) => ofType(type, schema, noise)));
}

function ofType(type: string, schema: JsonSchema, noise: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const edges = [minimum, maximum, exclusiveMinimum, exclusiveMaximum].filter((edge) => typeof edge === 'number');
  switch (type) {
    case 'number':
    case 'integer':
      return fc.constantFrom(
        0,
        1,
        0.5,
        -1,
        3,
        1000,
        ...edges,
        ...edges.map((edge) => edge + 1e-9),
        ...edges.map((edge) => edge - 1),
      );
    case 'string':
      return fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 3 }),
        fc.constantFrom('conv1_1', 'a', './x.js', '😀'),
        ...(typeof schema.pattern === 'string'
          ? [{ weight: 6, arbitrary: fc.stringMatching(new RegExp(schema.pattern)) }]
          : []),
      );
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(near((schema.items ?? {}) as JsonSchema), { maxLength: 4 });
    case 'object': {
      const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
      const rest =
        typeof schema.additionalProperties === 'object' ? near(schema.additionalProperties as JsonSchema) : noise;
      // A key that is due is seldom left out, else nearly nothing would fit.
      const due = ((schema.required ?? []) as string[]).filter((name) => properties.some(([known]) => known === name));
      const record = (keys: string[]) =>
        fc.record(Object.fromEntries(properties.map(([name, property]) => [name, near(property)])), {
          requiredKeys: keys,
        });
      return fc
        .tuple(
          fc.oneof({ weight: 6, arbitrary: record(due) }, { weight: 1, arbitrary: record([]) }),
          // Nor is one added where none may be.
          fc.oneof(
            { weight: schema.additionalProperties === false ? 6 : 1, arbitrary: fc.constant({}) },
            { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', 'b c', 'type', 'path'), rest, { maxKeys: 1 }) },
          ),
        )
        .map(([own, others]) => ({ ...others, ...own }));
    }
    default:
      return fc.constant(null);
  }
}

const schemas: [string, JsonSchema][] = [
  ['the frame of a file', skeleton],
  ...[...registry.steps.values()].map((type): [string, JsonSchema] => [`step ${type.name}`, paramsSchema(type)]),
  ...[...registry.artifacts.values()].flatMap((type): [string, JsonSchema][] =>
    type.input ? [[`input ${type.name}`, inputSchema(type)]] : [],
  ),
];

describe('the quick check of values', () => {
  test.each(schemas)('agrees with ajv about %s, defaults included', (_, schema) => {
    const validate = ajv.compile(schema);
    let valid = 0;
    fc.assert(
      fc.property(near(schema), (value) => {
        const [mine, theirs] = [structuredClone(value), structuredClone(value)];
        const expected = validate(theirs);
        expect(fits(schema, mine)).toBe(expected);
        if (expected) expect(mine).toEqual(theirs);
        if (expected) valid++;
      }),
      // The frame has so many keys that few values of this kind fit it.
      { numRuns: schema === skeleton ? 4000 : 400, seed: 20 },
    );
    // The comparison means little if nothing fits.
    expect(valid).toBeGreaterThan(0);
  });

  test('takes no notice of words for people', () => {
    const words = { title: 'a', description: 'b', unit: 'mm', default: 8, examples: [4, 6] };
    expect(fits({ type: 'number', ...words }, 5)).toBe(true);
  });

  test('leaves keywords that it does not know to ajv', () => {
    expect(fits({ type: 'number', multipleOf: 2 }, 4)).toBe(false);
    expect(fits({ type: 'whole' }, 4)).toBe(false);
  });
});
