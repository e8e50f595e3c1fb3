import type { Json } from '../../artifacts/artifact.js';

/** One entity of a crate: JSON-LD, flattened. */
export type Entity = { readonly '@id': string; readonly '@type': string | readonly string[] } & {
  readonly [property: string]: unknown;
};

export interface Reference {
  readonly '@id': string;
}

export const ref = (id: string): Reference => ({ '@id': id });

/** A path or name as (part of) an identifier: every part percent-encoded. */
export const idPart = (text: string): string => text.split('/').map(encodeURIComponent).join('/');

/** Identifiers of what has one in several places. */
export const ids = {
  workflowInput: (name: string) => `#input/${idPart(name)}`,
  workflowParam: (name: string) => `#param/${idPart(name)}`,
  workflowOutput: (name: string) => `#output/${idPart(name)}`,
  tool: (type: string) => `#tool/${idPart(type)}`,
  toolInput: (type: string, port: string) => `#tool/${idPart(type)}/in/${idPart(port)}`,
  toolParam: (type: string, name: string) => `#tool/${idPart(type)}/with/${idPart(name)}`,
  toolOutput: (type: string, port: string) => `#tool/${idPart(type)}/out/${idPart(port)}`,
  step: (name: string) => `#step/${idPart(name)}`,
  software: (name: string, version: string) => `#software/${idPart(name)}/${idPart(version)}`,
  artifact: (digest: string) => `#artifact/${digest.slice(0, 32)}`,
  action: (instance: string) => `#action/${idPart(instance)}`,
  control: (instance: string) => `#control/${idPart(instance)}`,
  engine: '#voxreel',
  run: '#run',
} as const;

/** A value with its name, of the formal parameter `of`. What is no plain value is written as JSON. */
export function propertyValue(id: string, name: string, value: Json, of: string, unit?: unknown): Entity {
  return {
    '@id': id,
    '@type': 'PropertyValue',
    name,
    value: typeof value === 'object' ? JSON.stringify(value) : value,
    ...(typeof unit === 'string' ? { unitText: unit } : {}),
    exampleOfWork: ref(of),
  };
}

const PARAMETER_PROFILE = 'https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE';

/** A parameter as it is declared; `kind` in the terms of schema.org. */
export function formalParameter(id: string, name: string, kind: string, about?: unknown): Entity {
  return {
    '@id': id,
    '@type': 'FormalParameter',
    name,
    additionalType: kind,
    ...(typeof about === 'string' ? { description: about } : {}),
    conformsTo: ref(PARAMETER_PROFILE),
  };
}

/** What kind of value a formal parameter takes, in the terms of schema.org. */
export function kindOf(value: Json | undefined): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'Integer' : 'Float';
  return typeof value === 'boolean' ? 'Boolean' : 'Text';
}

const FORMATS: readonly (readonly [ending: string, format: string])[] = [
  ['.nii.gz', 'application/gzip'],
  ['.nii', 'application/octet-stream'],
  ['.json', 'application/json'],
  ['.tsv', 'text/tab-separated-values'],
  ['.csv', 'text/csv'],
  ['.txt', 'text/plain'],
  ['.md', 'text/markdown'],
  ['.bib', 'application/x-bibtex'],
  ['.yaml', 'application/yaml'],
  ['.yml', 'application/yaml'],
  ['.png', 'image/png'],
  ['.svg', 'image/svg+xml'],
  ['.html', 'text/html'],
  ['.mp4', 'video/mp4'],
];

/** A file with its size in bytes and sha256. */
export function fileEntity(
  id: string,
  name: string,
  { size, digest }: { readonly size: number; readonly digest: string },
  more: Readonly<Record<string, unknown>> = {},
): Entity {
  const format = FORMATS.find(([ending]) => name.toLowerCase().endsWith(ending))?.[1];
  return {
    '@id': id,
    '@type': 'File',
    name,
    contentSize: String(size),
    sha256: digest,
    ...(format === undefined ? {} : { encodingFormat: format }),
    ...more,
  };
}
