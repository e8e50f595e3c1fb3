import type { ArtifactType, ResolvedItem } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';
import type { Registry, StepType } from '../../engine/step-type.js';

/** Artifact and step types that exist only here: the engine has to work with whatever it is given. */

const path = { type: 'string', description: 'The file.' } as const;

const film: ArtifactType = {
  name: 'film',
  title: 'a film',
  description: '',
  input: {
    properties: { path, speed: { type: 'number', exclusiveMinimum: 0, unit: 'frames/s', default: 24 } },
    required: ['path'],
    async resolve(spec, { name }) {
      if (spec.path === 'missing.mp4') throw new UserError({ message: 'missing.mp4 does not exist', keys: ['path'] });
      return { type: 'film', files: { film: String(spec.path) }, origin: name };
    },
  },
};
const pictures: ArtifactType = { name: 'pictures', title: 'pictures', description: '' };
const scan: ArtifactType = {
  name: 'scan',
  title: 'a scan',
  description: '',
  input: {
    properties: { path },
    required: ['path'],
    async resolve(spec, { name }) {
      return { type: 'scan', files: { scan: String(spec.path) }, origin: name };
    },
  },
};
const region: ArtifactType = { name: 'region', title: 'a region', description: '', publish: async () => [] };
const report: ArtifactType = { name: 'report', title: 'a report', description: '', publish: async () => [] };
const fit: ArtifactType = { name: 'fit', title: 'a fit of one person', description: '' };

/** `people: 3` gives p1, p2, p3; those listed in `blind` have no region. */
const cohort: ArtifactType = {
  name: 'cohort',
  title: 'scans of several people',
  description: '',
  input: {
    properties: {
      people: { type: 'integer', minimum: 0 },
      task: { type: 'string' },
      blind: { type: 'array', items: { type: 'string' }, default: [] },
    },
    required: ['people'],
    items: { scan: 'scan', region: 'region' },
    async resolve(spec) {
      const { people, blind } = spec as { people: number; blind: string[] };
      if (blind.includes('all')) throw new UserError({ message: 'nobody is left', keys: ['blind', 0] });
      return Array.from({ length: people }, (_, index): ResolvedItem => {
        const label = `p${index + 1}`;
        const of = (type: string) => ({ type, files: { [type]: `${label}.${type}` }, origin: `${label}.${type}` });
        return {
          label,
          entities: { person: String(index + 1) },
          ports: { scan: of('scan'), ...(blind.includes(label) ? {} : { region: of('region') }) },
        };
      });
    },
  },
};

const base = {
  version: 1,
  title: 'A step of a test',
  description: '',
  run: async () => ({}),
} as const;

const cut: StepType = {
  ...base,
  name: 'cut',
  inputs: { film: { type: 'film', description: 'The film to cut.' } },
  outputs: { pictures: { type: 'pictures', description: 'One per window.' } },
  params: {
    type: 'object',
    properties: {
      window: { type: 'number', exclusiveMinimum: 0, unit: 's', default: 2, description: 'Length of a window.' },
      size: { anyOf: [{ enum: ['full', 'half'] }, { type: 'integer', minimum: 1, unit: 'px' }], default: 'full' },
      tag: { type: 'string', default: '' },
    },
  },
};

const model: StepType = {
  ...base,
  name: 'model',
  inputs: {
    scan: { type: 'scan', description: 'The scan of one person.' },
    pictures: { type: 'pictures', description: 'What was seen.' },
    region: { type: 'region', description: 'Where to look.', optional: true },
  },
  outputs: {
    fit: { type: 'fit', description: 'The fit.' },
    report: { type: 'report', description: 'How good it is.' },
  },
  params: {
    type: 'object',
    properties: {
      noise: { enum: ['white', 'red'], default: 'white', description: 'Kind of noise.' },
      drop: { type: 'integer', minimum: 0, unit: 'volumes', default: 0 },
      layers: { type: 'array', items: { enum: ['first', 'last'] }, minItems: 1, uniqueItems: true },
      weights: { type: 'object', properties: { mean: { type: 'number', default: 1 } }, additionalProperties: false },
    },
  },
  checkParams: ({ drop, noise }) =>
    noise === 'red' && drop < 2 ? [{ message: 'red noise needs `drop` of 2 or more', keys: ['drop'] }] : [],
};

const pool: StepType = {
  ...base,
  name: 'pool',
  inputs: {
    fits: { type: 'fit', list: true, description: 'One per person.' },
    regions: { type: 'region', list: true, optional: true, description: 'One per person.' },
  },
  outputs: { region: { type: 'region', description: 'Where people agree.' } },
  params: { type: 'object', properties: { p: { type: 'number', minimum: 0, maximum: 1 } }, required: ['p'] },
};

/** Ports written in the file. */
const program: StepType = {
  ...base,
  name: 'program',
  inputs: {},
  outputs: {},
  params: {
    type: 'object',
    properties: {
      inputs: { type: 'object', additionalProperties: { type: 'object' }, default: {} },
      outputs: { type: 'object', additionalProperties: { type: 'object' } },
    },
    required: ['outputs'],
  },
  dynamicPorts: ({ inputs, outputs }) => ({ inputs, outputs }),
};

function byName<T extends { name: string }>(types: readonly T[]): ReadonlyMap<string, T> {
  return new Map(types.map((type) => [type.name, type]));
}

export const testRegistry: Registry = {
  steps: byName([cut, model, pool, program]),
  artifacts: byName([film, pictures, scan, region, report, fit, cohort]),
};
