// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import type { ArtifactType, JsonSchema } from '../../artifacts/artifact.js';
import type { StepType } from '../step-type.js';
import { limitProperties } from './limits.js';

/** Names of inputs, steps, parameters and outputs: no dots, since `steps.fit.table` is split at them. */
export const NAME_PATTERN = '^[A-Za-z][A-Za-z0-9_-]*$';
/** Names of workflows and experiments: they become folders under `results/`. */
export const FOLDER_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';

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
