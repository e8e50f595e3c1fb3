import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Document, isMap, isScalar, parseDocument } from 'yaml';
import { packageDir } from '../package-files.js';
import { type Kind, kinds } from './kinds.js';
import type { TemplateName } from './templates.js';

/** An input of a template that the user's files take the place of. */
export interface Slot {
  /** Name under `inputs`. */
  readonly name: string;
  readonly kind: Kind;
  /** The template's own entry, which stays where the user names nothing. */
  readonly usual: Readonly<Record<string, unknown>>;
}

export interface Template {
  readonly text: string;
  readonly document: Document;
  readonly slots: readonly Slot[];
}

export async function readTemplate(name: TemplateName): Promise<Template> {
  const text = await readFile(path.join(packageDir(), 'workflows', `${name}.yaml`), 'utf8');
  const document = parseDocument(text);
  const inputs = document.get('inputs');
  const pairs = isMap(inputs) ? inputs.items : [];
  const slots = pairs.flatMap(({ key, value }): Slot[] => {
    if (!isScalar(key) || !isMap(value)) return [];
    const usual = value.toJS(document) as Record<string, unknown>;
    const kind = kinds[usual.type as string];
    return kind ? [{ name: String(key.value), kind, usual }] : [];
  });
  return { text, document, slots };
}
