import type { StepKeys } from '../keys.js';
import { voxreelVersion } from '../version.js';
import type { StepNode, Workflow } from '../workflow.js';
import { definition, type WorkflowFile, workflowParts } from './definition.js';
import { type Entity, fileEntity, idPart, ids, type Reference, ref } from './entities.js';
import { type Executed, execution } from './execution.js';

export const CRATE_FILE = 'ro-crate-metadata.json';

const CONTEXTS = ['https://w3id.org/ro/crate/1.1/context', 'https://w3id.org/ro/terms/workflow-run/context'];
const WORKFLOW_RO_CRATE = 'https://w3id.org/workflowhub/workflow-ro-crate/1.0';
const PROFILES: readonly Entity[] = [
  profile('https://w3id.org/ro/wfrun/process/0.5', 'Process Run Crate', '0.5'),
  profile('https://w3id.org/ro/wfrun/workflow/0.5', 'Workflow Run Crate', '0.5'),
  profile('https://w3id.org/ro/wfrun/provenance/0.5', 'Provenance Run Crate', '0.5'),
  profile(WORKFLOW_RO_CRATE, 'Workflow RO-Crate', '1.0'),
];

export interface CrateOptions extends Executed {
  readonly keys: ReadonlyMap<StepNode, StepKeys>;
  readonly file: WorkflowFile;
  /** What it includes and extends. */
  readonly parts: readonly WorkflowFile[];
  /** What lies beside the results in the folder and is about the run: `methods.md`. */
  readonly documents: readonly (WorkflowFile & { readonly about: string })[];
}

/**
 * The results folder as an RO-Crate 1.1 of the profiles Process, Workflow and Provenance Run Crate 0.5
 * (w3id.org/ro/wfrun) and Workflow RO-Crate 1.0: what the study was, what it was given, what each step made of it, when,
 * and by which software. Names nobody whom the workflow file does not name.
 */
export function crateText(options: CrateOptions): string {
  const { graph, keys, file } = options;
  const { workflow } = graph;
  const done = execution(options);
  const documents = options.documents.map((document) =>
    fileEntity(idPart(document.name), document.name, document, { description: document.about }),
  );
  const parts = workflowParts(options.parts, file);
  const { license, licenseEntity } = licenseOf(workflow);
  const authors = authorsOf(workflow);
  const named = authors.length > 0 ? { author: authors.map((author) => ref(author['@id'])) } : {};
  const root: Entity = {
    '@id': './',
    '@type': 'Dataset',
    name: `${workflow.name} (${workflow.experiment})`,
    description:
      workflow.about.description ??
      `Results of the workflow ${workflow.name}, experiment ${workflow.experiment}, computed by voxreel.`,
    datePublished: done.ended,
    license,
    ...named,
    conformsTo: PROFILES.map((one) => ref(one['@id'])),
    mainEntity: ref(idPart(file.name)),
    hasPart: [ref(idPart(file.name)), ...[...parts, ...documents].map((one) => ref(one['@id'])), ...done.files],
    mentions: done.actions,
  };
  const descriptor: Entity = {
    '@id': CRATE_FILE,
    '@type': 'CreativeWork',
    conformsTo: [ref('https://w3id.org/ro/crate/1.1'), ref(WORKFLOW_RO_CRATE)],
    about: ref('./'),
  };
  const engine: Entity = {
    '@id': ids.engine,
    '@type': 'SoftwareApplication',
    name: 'voxreel',
    description: 'Workflow engine for movie fMRI',
    softwareVersion: voxreelVersion(),
  };
  const graphOf = [
    ...[descriptor, root, ...PROFILES, ...licenseEntity, ...authors, ...parts, ...documents, engine],
    ...definition(graph, keys, file),
    ...done.entities.map((entity) =>
      authors.length > 0 && entity['@id'] === ids.run ? { ...entity, agent: named.author } : entity,
    ),
  ];
  return `${JSON.stringify({ '@context': CONTEXTS, '@graph': graphOf.map(compacted) }, null, 1)}\n`;
}

/** As RO-Crate recommends: no list of one, nothing that is empty. A loop: a big study has a hundred thousand entities. */
function compacted(entity: Entity): Entity {
  const properties: Record<string, unknown> = {};
  for (const name in entity) {
    const value = entity[name];
    if (!Array.isArray(value) || value.length > 1) properties[name] = value;
    else if (value.length === 1) properties[name] = value[0];
  }
  return properties as Entity;
}

function profile(id: string, name: string, version: string): Entity {
  return { '@id': id, '@type': 'CreativeWork', name, version };
}

/** An SPDX name or an address becomes an entity, other text stays text. */
function licenseOf({ about: { license } }: Workflow): { license: string | Reference; licenseEntity: Entity[] } {
  if (license === undefined) {
    return {
      license: 'No license was stated in the workflow file; the rights are with those who made the data.',
      licenseEntity: [],
    };
  }
  const isAddress = /^https?:\/\//.test(license);
  if (!isAddress && !/^[A-Za-z0-9.+-]+$/.test(license)) return { license, licenseEntity: [] };
  const id = isAddress ? license : `https://spdx.org/licenses/${license}`;
  return { license: ref(id), licenseEntity: [{ '@id': id, '@type': 'CreativeWork', name: license, url: id }] };
}

function authorsOf({ about: { authors } }: Workflow): Entity[] {
  return authors.map(({ name, orcid, affiliation }) => ({
    '@id': orcid ?? `#author/${idPart(name)}`,
    '@type': 'Person',
    name,
    ...(affiliation === undefined ? {} : { affiliation }),
  }));
}
