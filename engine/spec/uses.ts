import type { JsonSchema } from '../../artifacts/artifact.js';
import { schemaAt } from './coerce.js';
import type { Keys } from './document.js';
import type { Entry } from './entry.js';
import { wholeReference } from './references.js';

/** The schemas of all values that are exactly `${params.name}` (or of what is at `keys` inside them). */
export function usesOf(name: string, keys: Keys, entries: readonly Entry[]): readonly JsonSchema[] {
  const found: JsonSchema[] = [];
  for (const { raw, schema } of entries) {
    if (!schema) continue;
    const walk = (value: unknown, at: Keys): void => {
      if (wholeReference(value) === name) {
        const use = schemaAt(schema, [...at, ...keys]);
        if ('schema' in use) found.push(use.schema);
      } else if (typeof value === 'object' && value !== null) {
        const isList = Array.isArray(value);
        for (const [key, item] of Object.entries(value)) walk(item, [...at, isList ? Number(key) : key]);
      }
    };
    walk(raw, []);
  }
  return found;
}
