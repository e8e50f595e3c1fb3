import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Json } from '../artifacts/artifact.js';
import { sha256 } from '../cache/digest.js';
import { type Parameter, parameter } from './side.js';

const CRATE = 'ro-crate-metadata.json';

type Facts = Readonly<Record<string, unknown>>;

/**
 * The parameters behind a results folder: those of the study by name, those of steps as `fit.noise`, `fit.uses` for the
 * type of a step, `inputs.bold` for the files of an input, and versions of programs. Of the crate, which has all of them;
 * without one, of the sidecars, which know only the steps whose results were published.
 */
export async function parametersIn(dir: string, sidecars: readonly Facts[]): Promise<Map<string, Parameter>> {
  const text = await readFile(path.join(dir, CRATE), 'utf8').catch(() => undefined);
  try {
    if (text !== undefined) return ofCrate(JSON.parse(text));
  } catch {
    // No crate of ours: what a user put in its place says nothing here.
  }
  return ofSidecars(sidecars);
}

function ofSidecars(sidecars: readonly Facts[]): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  for (const { Instance: instance, Step: type, Parameters: values, VoxreelVersion: version } of sidecars) {
    if (typeof instance !== 'string') continue;
    const step = instance.replace(/\[.*$/, '');
    found.set('version of voxreel', { value: String(version) });
    found.set(`${step}.uses`, { value: String(type) });
    for (const [name, value] of Object.entries((values ?? {}) as Record<string, Json>)) {
      found.set(`${step}.${name}`, { value: plain(value) });
    }
  }
  return found;
}

function ofCrate({ '@graph': graph }: { readonly '@graph': readonly Facts[] }): Map<string, Parameter> {
  const found = new Map<string, Parameter>();
  const versions = new Map<string, string[]>();
  const given = new Map<string, Facts[]>();
  for (const entity of graph) {
    const id = String(entity['@id']);
    const value = plain(entity.value as Json);
    for (const role of [entity.exampleOfWork ?? []].flat() as Facts[]) {
      const [, input] = /^#input\/(.+)$/.exec(String(role['@id'])) ?? [];
      if (input === undefined || !/^#(file|made)\//.test(id)) continue;
      const name = `inputs.${decodeURIComponent(input)}`;
      given.set(name, [...(given.get(name) ?? []), entity]);
    }
    const [, kind, owner] = /^#(value|step|software)\/([^/]+)/.exec(id) ?? [];
    if (id === '#voxreel' || kind === 'software') {
      // Own steps are known by the digests of their files, of which there may be several.
      const version = String(entity.softwareVersion).replace(/^([0-9a-f]{12})[0-9a-f]{52}$/, '$1');
      versions.set(String(entity.name), [...(versions.get(String(entity.name)) ?? []), version]);
    } else if (kind === 'value') {
      found.set(String(entity.name), parameter(value, entity.unitText));
    } else if (kind === 'step' && entity['@type'] === 'HowToStep') {
      const tool = (entity.workExample as Facts)['@id'];
      found.set(`${entity.name}.uses`, { value: decodeURIComponent(String(tool)).replace('#tool/', '') });
    } else if (kind === 'step') {
      found.set(`${decodeURIComponent(owner!)}.${entity.name}`, parameter(value, entity.unitText));
    }
  }
  for (const [name, own] of given) found.set(name, { value: filesAsText(own) });
  for (const [name, own] of versions) found.set(`version of ${name}`, { value: own.sort().join(', ') });
  return found;
}

/** `film.mp4 (11e2594844)`, `24 files (5b1f0c9d22)`: the files of an input by the digest of what they hold. */
function filesAsText(entities: readonly Facts[]): string {
  const digests = entities.map((entity) => String(entity.sha256 ?? entity.value)).sort();
  const [first, ...others] = digests;
  const digest = others.length === 0 && entities[0]!.sha256 !== undefined ? first! : sha256(digests.join('\n'));
  const what = others.length === 0 ? entities[0]!.name : `${entities.length} files`;
  return `${what} (${digest.slice(0, 10)})`;
}

/** As the crate writes it: lists and maps as JSON. */
function plain(value: Json | undefined): Json {
  return typeof value === 'object' ? JSON.stringify(value) : (value ?? null);
}
