// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import type { ArtifactType, JsonSchema } from '../../artifacts/artifact.js';
import type { InputPort, Registry, StepType } from '../step-type.js';
import { limitProperties } from './limits.js';

/** Names of inputs, steps, parameters and outputs: no dots, since `steps.fit.table` is split at them. */
export const NAME_PATTERN = '^[A-Za-z][A-Za-z0-9_-]*$';
/** Names of workflows and experiments: they become folders under `results/`. */
export const FOLDER_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
/** A step type of the study's own: a path that starts with a dot. */
const STEP_FILE_PATTERN = '^\\.{1,2}/.+\\.m?js$';

const names = { pattern: NAME_PATTERN } as const;
const wire = { type: 'string' } as const;

/** A parameter of the study that says what it may be: the words of JSON Schema, as step types use them. */
export const declarationSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['default'],
  properties: {
    default: { description: 'Its value, unless an experiment or `--set` gives another.' },
    type: {
      enum: ['number', 'integer', 'string', 'boolean', 'array', 'object'],
      description: 'Kind of value. Without it that of `default`.',
    },
    unit: { type: 'string', description: 'Unit, such as mm or s.' },
    description: { type: 'string', description: 'What it is.' },
    minimum: { type: 'number', description: 'Smallest value.' },
    maximum: { type: 'number', description: 'Largest value.' },
    exclusiveMinimum: { type: 'number', description: 'Values must be above this.' },
    exclusiveMaximum: { type: 'number', description: 'Values must be below this.' },
    enum: { type: 'array', minItems: 1, description: 'The values to choose from.' },
  },
};

/** The frame of every workflow file; what is inside an input or a step is checked against its type's own schema. */
export const skeleton: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['voxreel', 'name', 'steps'],
  properties: {
    voxreel: { const: 1, description: 'Version of the workflow language.' },
    name: {
      type: 'string',
      pattern: FOLDER_PATTERN,
      description: 'Name of the study; results go to `results/<name>/`.',
    },
    description: { type: 'string', description: 'What the study is about; free text.' },
    license: {
      type: 'string',
      description:
        'License of the results, for their metadata: an SPDX name such as `CC-BY-4.0`, an address, or a sentence.',
    },
    authors: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name'],
        properties: {
          name: { type: 'string', minLength: 1, description: 'As it is to be cited.' },
          orcid: {
            type: 'string',
            pattern: '^(https://orcid\\.org/)?(\\d{4}-){3}\\d{3}[\\dX]$',
            description: 'ORCID, such as `0000-0002-1825-0097`.',
          },
          affiliation: { type: 'string', description: 'Institution.' },
        },
      },
      description: 'Who made the study, for the metadata of the results. Nobody is named there who is not named here.',
    },
    params: {
      type: ['object', 'null'],
      propertyNames: names,
      description:
        'Values used in several places, as `${params.name}`. Experiments and `--set name=value` replace them. A plain value, or `{ default, type, unit, minimum, maximum, enum, description }`.',
    },
    inputs: {
      type: ['object', 'null'],
      propertyNames: names,
      additionalProperties: {
        type: 'object',
        required: ['type'],
        properties: { type: { type: 'string', description: 'Type of artifact, or a collection such as `bids`.' } },
      },
      description: 'Files and folders that enter the study. Paths are relative to this file.',
    },
    steps: {
      type: 'object',
      minProperties: 1,
      propertyNames: names,
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['uses'],
        properties: {
          uses: { type: 'string', description: 'Type of step, or a file of the study (`./my-step.js`).' },
          foreach: {
            type: 'string',
            description: 'One instance per item of a collection (`inputs.bold`) or of a fanned-out step (`steps.fit`).',
          },
          in: {
            type: ['object', 'null'],
            additionalProperties: { anyOf: [wire, { type: 'array', items: wire }] },
            description: 'What flows in, by port: `inputs.movie`, `item.mask`, `steps.fit`, `steps.describe.table`.',
          },
          with: { type: ['object', 'null'], description: 'Parameters.' },
          ...limitProperties,
        },
      },
      description: 'The work, by name. The order does not matter.',
    },
    outputs: {
      type: ['object', 'null'],
      propertyNames: names,
      additionalProperties: { type: 'string' },
      description: 'What is published under `results/`, by name. Default: every step that no other step uses.',
    },
    experiments: {
      type: ['object', 'null'],
      propertyNames: { pattern: FOLDER_PATTERN },
      additionalProperties: {
        type: ['object', 'null'],
        properties: {
          matrix: {
            type: 'object',
            minProperties: 1,
            additionalProperties: { type: 'array', minItems: 1 },
            description: 'Values to combine: one experiment each, named `<experiment>-<param><value>`.',
          },
        },
      },
      description: 'Variants of the study: other values of `params`. Chosen with `--experiment NAME`.',
    },
  },
};

/** What may stand in an entry of `inputs` of this type. */
export function inputSchema(type: ArtifactType): JsonSchema {
  const { properties, required = [] } = type.input!;
  return {
    type: 'object',
    additionalProperties: false,
    required: ['type', ...required],
    properties: { type: { const: type.name }, ...properties },
  };
}

/** What may stand under `with` of a step of this type. */
export function paramsSchema(type: StepType): JsonSchema {
  return { additionalProperties: false, ...type.params };
}

/**
 * The JSON Schema (2020-12) of workflow files for editors, generated from the declarations: names, descriptions,
 * defaults, choices and ranges of every step and input type.
 */
export function workflowSchema(registry: Registry): JsonSchema {
  const steps = [...registry.steps.values()];
  const inputs = [...registry.artifacts.values()].filter((type) => type.input);
  const top = skeleton.properties as Record<string, JsonSchema>;
  const step = top.steps!.additionalProperties as JsonSchema;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'voxreel workflow',
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
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
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
      outputs: { ...top.outputs, additionalProperties: { type: 'string', pattern: '^steps\\.' } },
    },
    $defs: {
      parameter: declarationSchema,
      reference: {
        type: 'string',
        pattern: '\\$\\{params\\.[A-Za-z][A-Za-z0-9_-]*\\}',
        description: 'The value of a parameter of the study: `${params.name}`.',
      },
      wire: {
        type: 'string',
        pattern: '^(inputs|steps|item)\\.[A-Za-z]',
        description: '`inputs.name`, `steps.name`, `steps.name.port` or, with `foreach`, `item.port`.',
      },
      input: {
        type: 'object',
        required: ['type'],
        properties: { type: { anyOf: inputs.map((type) => ({ const: type.name, description: type.title })) } },
        allOf: inputs.map((type) => when('type', type.name, `input.${type.name}`)),
      },
      step: {
        ...step,
        properties: {
          ...(step.properties as object),
          uses: {
            anyOf: [
              ...steps.map((type) => ({ const: type.name, description: type.title })),
              { type: 'string', pattern: STEP_FILE_PATTERN, description: 'A step type of the study.' },
            ],
          },
        },
        allOf: steps.map((type) => when('uses', type.name, `step.${type.name}`)),
      },
      ...Object.fromEntries(inputs.map((type) => [`input.${type.name}`, editorInput(type)])),
      ...Object.fromEntries(steps.map((type) => [`step.${type.name}`, editorStep(type)])),
    },
  };
}

/** The schema as a file for editors; the same registry gives the same bytes. */
export function formatSchema(registry: Registry): string {
  return `${JSON.stringify(workflowSchema(registry), null, 2)}\n`;
}

function when(key: string, value: string, definition: string): JsonSchema {
  return {
    if: { required: [key], properties: { [key]: { const: value } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
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
    properties: { type: name, ...mapValues(rest, orReference) },
  };
}

function editorStep(type: StepType): JsonSchema {
  const ports = Object.entries(type.inputs);
  const needed = ports.filter(([, port]) => !port.optional).map(([name]) => name);
  const params = type.params.required ?? [];
  const required = [...(needed.length ? ['in'] : []), ...(params.length ? ['with'] : [])];
  const inputs = {
    type: needed.length ? 'object' : ['object', 'null'],
    properties: Object.fromEntries(ports.map(([name, port]) => [name, editorPort(port)])),
    ...(needed.length ? { required: needed } : {}),
    additionalProperties: type.dynamicPorts ? { anyOf: wires } : false,
  };
  const withSchema = {
    ...paramsSchema(type),
    type: params.length ? 'object' : ['object', 'null'],
    properties: mapValues(type.params.properties, orReference),
  };
  return {
    title: type.title,
    description: type.description,
    ...(required.length ? { required } : {}),
    properties: { in: inputs, with: withSchema },
  };
}

const wires = [{ $ref: '#/$defs/wire' }, { type: 'array', items: { $ref: '#/$defs/wire' } }];

function editorPort(port: InputPort): JsonSchema {
  const types = typeof port.type === 'string' ? [port.type] : port.type;
  const description = `${port.description} (${types.join(' or ')}${port.list ? ', list' : ''}${port.optional ? ', optional' : ''})`;
  return port.list ? { description, anyOf: wires } : { description, $ref: '#/$defs/wire' };
}

/** The same schema, where every scalar may also be written as `${params.x}`; the unit joins the description. */
function orReference(schema: JsonSchema): JsonSchema {
  const { description, default: preset, title, unit, ...rest } = schema;
  const unitText = typeof unit === 'string' && unit !== '1' ? ` [${unit}]` : '';
  const words = {
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description: `${description}${unitText}` }),
    ...(preset === undefined ? {} : { default: preset }),
  };
  return { ...words, anyOf: [inside(rest), { $ref: '#/$defs/reference' }] };
}

function inside(schema: JsonSchema): JsonSchema {
  const { items, properties, additionalProperties, anyOf, oneOf } = schema;
  const branches = (anyOf ?? oneOf) as readonly JsonSchema[] | undefined;
  return {
    ...schema,
    ...(isSchema(items) ? { items: orReference(items) } : {}),
    ...(isSchema(properties) ? { properties: mapValues(properties as Record<string, JsonSchema>, orReference) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: orReference(additionalProperties) } : {}),
    ...(branches ? { [anyOf ? 'anyOf' : 'oneOf']: branches.map(inside) } : {}),
  };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
