// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
// biome-ignore-all lint/suspicious/noThenProperty: a keyword of JSON Schema
import type { ArtifactType, JsonSchema } from '../../artifacts/artifact.js';
import type { InputPort, Registry, StepExample, StepType } from '../step-type.js';
import { literal } from './describe-schema.js';
import { declarationSchema, inputSchema, paramsSchema, skeleton } from './schema.js';

/** A step type of the study's own: a path that starts with a dot. */
const STEP_FILE_PATTERN = '^\\.{1,2}/.+\\.m?js$';

const wire = {
  type: 'string',
  pattern: '^(inputs|steps|item)\\.[A-Za-z]',
  patternErrorMessage: 'Expected inputs.name, steps.name, steps.name.port or, with foreach, item.port.',
};

/**
 * The JSON Schema (2020-12) of workflow files for editors, generated from the declarations: names, descriptions,
 * defaults, choices, ranges and examples of every step and input type. Its shape is one that the YAML language server
 * completes and explains well; a test asks a real one.
 */
export function workflowSchema(registry: Registry): JsonSchema {
  const steps = [...registry.steps.values()];
  const inputs = [...registry.artifacts.values()].filter((type) => type.input);
  const top = skeleton.properties as Record<string, JsonSchema>;
  return inMarkdown({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    description: 'A movie fMRI study as a file: inputs, steps, outputs and experiments.',
    ...skeleton,
    // What is missing may come from other files; a fragment that others include has no name.
    required: ['voxreel'],
    anyOf: [
      { required: ['steps'] },
      { required: ['extends'] },
      { required: ['include'] },
      { not: { required: ['name'] } },
    ],
    properties: {
      ...top,
      params: {
        ...top.params,
        additionalProperties: {
          if: { type: 'object', required: ['default'] },
          then: { $ref: '#/$defs/parameter' },
        },
      },
      extends: {
        type: 'string',
        description:
          'A workflow file that this one builds on. Entries of this file override those of the same name; `null` removes one.',
        examples: ['base.yaml'],
      },
      include: {
        description: 'Files whose params, inputs, steps, outputs and experiments are added to those of this one.',
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        examples: [['atlas.yaml']],
      },
      inputs: { ...top.inputs, additionalProperties: { $ref: '#/$defs/input' } },
      steps: { ...top.steps, additionalProperties: { $ref: '#/$defs/step' } },
      outputs: { ...top.outputs, additionalProperties: { type: ['string', 'null'], pattern: '^steps\\.' } },
    },
    // What builds on another file only says what differs.
    if: { required: ['extends'] },
    else: {
      // Patterns, since keys under `properties` would be offered a second time.
      patternProperties: {
        '^inputs$': { additionalProperties: { type: 'object', required: ['type'] } },
        '^steps$': {
          additionalProperties: {
            type: 'object',
            required: ['uses'],
            properties: { in: { additionalProperties: { ...wire, type: ['string', 'array'], items: wire } } },
          },
        },
        '^outputs$': { additionalProperties: { type: 'string' } },
      },
    },
    $defs: {
      parameter: declarationSchema,
      reference: { title: '${params.name}', type: 'string', pattern: '\\$\\{params\\.[A-Za-z][A-Za-z0-9_-]*\\}' },
      wire,
      input: {
        type: ['object', 'null'],
        properties: { type: { oneOf: inputs.map(({ name, title }) => ({ const: name, description: title })) } },
        allOf: inputs.map((type) => when('type', type.name, `input.${type.name}`)),
      },
      step: editorEntry(steps),
      ...Object.fromEntries(inputs.map((type) => [`input.${type.name}`, editorInput(type)])),
      ...Object.fromEntries(steps.map((type) => [`step.${type.name}`, editorStep(type)])),
    },
  });
}

/** The schema as a file for editors; the same registry gives the same bytes. */
export function formatSchema(registry: Registry): string {
  return `${JSON.stringify(workflowSchema(registry), null, 2)}\n`;
}

function when(key: string, value: string, definition: string): JsonSchema {
  return {
    if: { type: 'object', required: [key], properties: { [key]: { const: value } } },
    then: { $ref: `#/$defs/${definition}` },
  };
}

function editorInput(type: ArtifactType): JsonSchema {
  const schema = inputSchema(type);
  const { type: name, ...rest } = schema.properties as Record<string, JsonSchema>;
  return {
    title: type.title,
    description: type.description,
    ...schema,
    properties: { type: name, ...mapEntries(rest, editorParam) },
  };
}

/** What may stand in an entry of `steps`, before its type is known. */
function editorEntry(steps: readonly StepType[]): JsonSchema {
  const { steps: section } = skeleton.properties as Record<string, JsonSchema>;
  const { properties, additionalProperties } = section!.additionalProperties as Record<string, JsonSchema>;
  const { in: ports, ...others } = properties as Record<string, JsonSchema>;
  const { additionalProperties: _, ...anyPorts } = ports!;
  return {
    type: ['object', 'null'],
    additionalProperties,
    // Whole steps to choose from where a name has nothing behind it yet: a keyword of VS Code and the YAML language server.
    defaultSnippets: steps.flatMap((type) =>
      type.example ? [{ label: type.name, description: type.title, body: written(type, type.example) }] : [],
    ),
    properties: {
      ...others,
      in: anyPorts,
      uses: {
        oneOf: [
          {
            type: 'string',
            pattern: STEP_FILE_PATTERN,
            description: 'Type of step, or a file of the study (`./my-step.js`).',
            patternErrorMessage: `Expected a step type (${steps.map(({ name }) => name).join(', ')}), or a file of the study (./my-step.js).`,
          },
          ...steps.map(({ name, title }) => ({ const: name, description: title })),
        ],
      },
    },
    allOf: steps.map((type) => when('uses', type.name, `step.${type.name}`)),
  };
}

function editorStep(type: StepType): JsonSchema {
  const ports = Object.entries(type.inputs);
  const needed = ports.filter(([, port]) => !port.optional).map(([name]) => name);
  const params = type.params.required ?? [];
  const required = [...(needed.length ? ['in'] : []), ...(params.length ? ['with'] : [])];
  const inputs = {
    title: `inputs of ${type.name}`,
    type: needed.length ? 'object' : ['object', 'null'],
    properties: mapEntries(type.inputs, editorPort),
    ...(needed.length ? { required: needed } : {}),
    additionalProperties: type.dynamicPorts ? { anyOf: wires } : false,
  };
  const withSchema = {
    title: `parameters of ${type.name}`,
    ...paramsSchema(type),
    type: params.length ? 'object' : ['object', 'null'],
    properties: mapEntries(type.params.properties, editorParam),
  };
  return {
    title: type.title,
    description: `${intro(type.description)}\n\n\`voxreel steps ${type.name}\` explains it.`,
    ...(type.example ? { examples: [written(type, type.example)] } : {}),
    ...(required.length ? { required } : {}),
    properties: { in: inputs, with: withSchema },
  };
}

/** An example as it stands under `steps`, without the name. */
function written({ name: uses }: StepType, { name: _, ...example }: StepExample): JsonSchema {
  return { uses, ...example };
}

/** The first paragraph of a page. */
function intro(text: string): string {
  return text.trim().split('\n\n')[0]!.replaceAll('\n', ' ');
}

const wires = [{ $ref: '#/$defs/wire' }, { type: 'array', items: { $ref: '#/$defs/wire' } }];

function editorPort(port: InputPort, title: string): JsonSchema {
  const types = typeof port.type === 'string' ? [port.type] : port.type;
  const description = `${port.description} (${types.join(' or ')}${port.list ? ', list' : ''}${port.optional ? ', optional' : ''})`;
  return { title, description, ...(port.list ? { anyOf: wires } : { $ref: '#/$defs/wire' }) };
}

/** A parameter or a key under its name, with unit and default in words, which editors do not show by themselves. */
function editorParam(schema: JsonSchema, name: string): JsonSchema {
  const { description, unit, default: preset } = schema;
  const unitText = typeof unit === 'string' && unit !== '1' ? ` [${unit}]` : '';
  const defaultText =
    preset === undefined ? '' : ` Default: \`${typeof preset === 'string' ? preset : literal(preset)}\`.`;
  const words = typeof description === 'string' ? { description: `${description}${unitText}${defaultText}` } : {};
  return { title: name, ...orReference({ ...schema, ...words }) };
}

/** The same schema, where every scalar may also be written as `${params.x}`. */
function orReference({ unit: _, description, default: preset, examples, ...rest }: JsonSchema): JsonSchema {
  return {
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
    ...(examples === undefined ? {} : { examples }),
    anyOf: [inside(rest), { $ref: '#/$defs/reference' }],
  };
}

function inside(schema: JsonSchema): JsonSchema {
  const { items, properties, additionalProperties, anyOf, oneOf } = schema;
  const branches = (anyOf ?? oneOf) as readonly JsonSchema[] | undefined;
  return {
    ...schema,
    ...(isSchema(items) ? { items: orReference(items) } : {}),
    ...(isSchema(properties) ? { properties: mapEntries(properties as Record<string, JsonSchema>, editorParam) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: orReference(additionalProperties) } : {}),
    ...(branches ? { [anyOf ? 'anyOf' : 'oneOf']: branches.map(inside) } : {}),
  };
}

/** Descriptions with code in them also as Markdown: a keyword of VS Code and the YAML language server, which take `description` as plain text. */
function inMarkdown<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(inMarkdown) as T;
  if (!isSchema(schema)) return schema;
  const entries = Object.entries(schema).flatMap(([key, value]) => {
    if (['default', 'examples', 'defaultSnippets', 'const', 'enum'].includes(key)) return [[key, value]];
    if (key === 'description' && typeof value === 'string' && value.includes('`')) {
      return [
        [key, value],
        ['markdownDescription', value],
      ];
    }
    return [[key, inMarkdown(value)]];
  });
  return Object.fromEntries(entries) as T;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null;
}

function mapEntries<A, B>(record: Readonly<Record<string, A>>, map: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
