// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { JsonSchema } from '../../artifacts/artifact.js';
import { checkValue } from '../../engine/spec/check-value.js';
import { formatSchema, workflowSchema } from '../../engine/spec/editor-schema.js';
import { inputSchema, paramsSchema } from '../../engine/spec/schema.js';
import { registry } from '../../steps/registry.js';
import { root } from '../support/shared.js';
import { load, sound } from './spec-file.js';
import { testRegistry } from './spec-registry.js';

/** Strict: unknown keywords and other slips of a declaration are errors. */
function strictAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
  for (const keyword of ['unit', 'markdownDescription', 'patternErrorMessage']) {
    ajv.addKeyword({ keyword, schemaType: 'string' });
  }
  ajv.addKeyword({ keyword: 'defaultSnippets', schemaType: 'array' });
  return ajv;
}

/** A schema and all schemas inside it. */
function partsOf(schema: JsonSchema): JsonSchema[] {
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = schema;
  const inside = [...Object.values(properties as object), items, additionalProperties, anyOf, oneOf].flat();
  return [schema, ...inside.filter((part) => typeof part === 'object').flatMap(partsOf)];
}

describe('the schema for editors', () => {
  test('is committed as it is generated from the declarations', async () => {
    const committed = await readFile(path.join(root, 'schemas', 'workflow.schema.json'), 'utf8');
    // `node dist/cli/main.js schema` writes it.
    expect(committed).toBe(formatSchema(registry));
  });

  test('is a valid JSON Schema 2020-12', () => {
    strictAjv().compile(workflowSchema(registry));
  });

  test('carries descriptions, choices, defaults and units of the declarations', () => {
    const schema = workflowSchema(testRegistry) as any;
    expect(schema.$defs['step.cut'].properties.with.properties.window).toEqual({
      title: 'window',
      description: 'Length of a window. [s] Default: `2`.',
      markdownDescription: 'Length of a window. [s] Default: `2`.',
      default: 2,
      anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { $ref: '#/$defs/reference' }],
    });
    expect(schema.$defs['step.model'].properties.in.required).toEqual(['scan', 'pictures']);
    expect(schema.$defs['input.film'].properties.type).toEqual({ const: 'film' });
    expect(schema.$defs.step.properties.uses.oneOf).toContainEqual({ const: 'cut', description: 'A step of a test' });
  });

  test('accepts the workflows of this repository', async () => {
    const validateReal = strictAjv().compile(workflowSchema(registry));
    const folder = path.join(root, 'workflows');
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.yaml'))) {
      validateReal(parse(await readFile(path.join(folder, name), 'utf8')));
      expect(validateReal.errors ?? [], name).toEqual([]);
    }
  });

  test('accepts the example of the documentation, and so does the engine', async () => {
    const page = await readFile(path.join(root, 'docs', 'workflow-file.md'), 'utf8');
    const example = /```yaml\n(# yaml-language-server[\s\S]*?)```/.exec(page)![1]!;
    const validateReal = strictAjv().compile(workflowSchema(registry));
    validateReal(parse(example));
    expect(validateReal.errors ?? []).toEqual([]);
    const workflow = await load(example, { registry });
    expect(workflow.steps).toHaveLength(7);
  });

  test('accepts the example of a file that only says what differs from another', async () => {
    const page = await readFile(path.join(root, 'docs', 'workflow-file.md'), 'utf8');
    const example = /```yaml\n([^`]*extends:[\s\S]*?)```/.exec(page)![1]!;
    const validateReal = strictAjv().compile(workflowSchema(registry));
    validateReal(parse(example));
    expect(validateReal.errors ?? []).toEqual([]);
    validateReal(parse(example.replace(/^extends:.*$/m, '')));
    expect(validateReal.errors).not.toEqual([]);
  });

  const validate = strictAjv().compile(workflowSchema(testRegistry));
  const accepts = (text: string) => validate(parse(text));

  test('accepts a sound study, with references for any scalar', () => {
    expect(accepts(sound)).toBe(true);
    expect(accepts(sound.replace('noise: "', 'layers: ["${params.l}", last], drop: "${params.d}", noise: "'))).toBe(
      true,
    );
    expect(accepts(sound.replace('uses: cut', 'uses: ./cut.js'))).toBe(true);
  });

  test.each([
    ['an unknown key', 'outputs:', 'output:'],
    ['an unknown step type', 'uses: cut', 'uses: cutt'],
    ['an unknown parameter', 'noise: "', 'nose: "'],
    ['a value that is no choice', 'noise: "${params.noise}"', 'noise: grey'],
    ['a value out of range', 'window: "${params.tr}"', 'window: 0'],
    ['an unknown port', 'region: item.region', 'area: item.region'],
    ['a required port left out', ', pictures: steps.frames', ''],
    ['a list at a port for one', 'pictures: steps.frames', 'pictures: [steps.frames]'],
    ['a required parameter left out', 'with: { p: "${params.p}" }', ''],
    ['something that is no wire', 'inputs.movie', 'movie.mp4'],
    ['an unknown key of an input', 'path: movie.mp4', 'path: movie.mp4, pth: x'],
    ['an input without its file', ', path: movie.mp4', ''],
    ['an unknown input type', 'type: film', 'type: movie'],
  ])('refuses %s, as the engine does', (_, from, to) => {
    expect(sound).toContain(from);
    expect(accepts(sound.replace(from, to))).toBe(false);
  });
});

describe('every declaration', () => {
  const schemas: [string, JsonSchema][] = [
    ...[...registry.steps.values()].map((type): [string, JsonSchema] => [`step ${type.name}`, paramsSchema(type)]),
    ...[...registry.artifacts.values()].flatMap((type): [string, JsonSchema][] =>
      type.input ? [[`input ${type.name}`, inputSchema(type)]] : [],
    ),
  ];

  test.each(schemas)('of %s is a schema without slips, and each parameter is described', (_, schema) => {
    strictAjv().compile(schema);
    for (const part of partsOf(schema)) {
      for (const [name, property] of Object.entries((part.properties ?? {}) as Record<string, JsonSchema>)) {
        if (name !== 'type' || part !== schema) expect(property.description, name).toMatch(/\w/);
      }
    }
  });

  test.each(schemas)('of %s accepts its own defaults and examples', (_, schema) => {
    for (const part of partsOf(schema)) {
      const validate = strictAjv().compile(part);
      // The YAML language server offers maps as `[object Object]`, and takes the brackets of a list in a list away.
      for (const example of [part.examples ?? []].flat(2)) expect(typeof example).not.toBe('object');
      const values = [...('default' in part ? [part.default] : []), ...((part.examples as unknown[]) ?? [])];
      for (const value of values) {
        validate(structuredClone(value));
        expect(validate.errors ?? [], JSON.stringify(value)).toEqual([]);
        expect(checkValue(part, structuredClone(value))).toEqual([]);
      }
    }
  });

  test('that is a step has an example, and all of them together are a study', async () => {
    const types = [...registry.steps.values()];
    const steps = Object.fromEntries(
      types.map(({ name: uses, example }) => {
        const { name, ...rest } = example!;
        return [name, { uses, ...rest }];
      }),
    );
    expect(Object.keys(steps)).toHaveLength(types.length);
    const study = {
      voxreel: 1,
      name: 'examples',
      inputs: {
        movie: { type: 'video', path: 'movie.mp4' },
        annotations: { type: 'table', path: 'annotations.tsv' },
        weights: { type: 'weights', synthetic: {} },
        bold: { type: 'bids', path: 'derivatives/fmriprep' },
        atlas: { type: 'atlas', path: 'atlas.nii.gz', labels: 'atlas.tsv' },
        script: { type: 'file', path: 'script.py' },
        ratings: { type: 'table', path: 'ratings.tsv' },
      },
      steps: {
        ...steps,
        control_regressors: { uses: 'hrf', foreach: 'inputs.bold', in: { series: 'steps.shown' } },
      },
    };
    const workflow = await load(stringify(study), { registry });
    expect(workflow.steps).toHaveLength(types.length + 1);
    const validate = strictAjv().compile(workflowSchema(registry));
    validate(parse(stringify(study)));
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each([...registry.steps.values()])(
    'of step $name names only artifact types that exist, and says what each port is',
    (type) => {
      const types = new Set(
        [...registry.artifacts.values()].filter(({ input }) => !input?.items).map(({ name }) => name),
      );
      for (const port of [...Object.values(type.inputs), ...Object.values(type.outputs)]) {
        for (const name of [port.type].flat()) expect(types).toContain(name);
        expect(port.description).toMatch(/\w/);
      }
      expect(type.title).toMatch(/\w/);
      expect(type.description.length).toBeGreaterThan(100);
      // Its first paragraph is what editors show.
      expect(type.description.trim().split('\n\n')[0]).toMatch(/^[^#\n-].*\.$/s);
      expect(Number.isInteger(type.version)).toBe(true);
    },
  );

  test('of a collection names artifact types that exist', () => {
    for (const { input } of registry.artifacts.values()) {
      for (const type of Object.values(input?.items ?? {})) expect(registry.artifacts.has(type)).toBe(true);
    }
  });
});
