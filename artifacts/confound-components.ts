import { readFile } from 'node:fs/promises';
import type { JsonObject } from './artifact.js';
import { UserError } from './user-error.js';

/** Tissue that a component of aCompCor was computed in, as fMRIPrep names it. */
export type ComponentMask = 'combined' | 'CSF' | 'WM';

/** Columns by mask, by falling variance explained. */
export type ComponentColumns = { readonly [mask in ComponentMask]?: readonly string[] };

/**
 * Which columns of a table of confounds are the components of which mask, from the JSON file of the same name beside it
 * (`a_comp_cor_00: { Mask: CSF, Retained: true }`): before fMRIPrep 21 nothing else says it. As the artifact's meta,
 * `{ components: { CSF: [a_comp_cor_12, …] } }`; empty without such a file, or where it names no components.
 */
export async function componentsBeside(table: string): Promise<{ components?: JsonObject }> {
  const file = table.replace(/\.tsv$/i, '.json');
  const text = file === table ? null : await readFile(file, 'utf8').catch(() => null);
  if (text === null) return {};
  const components: { [mask in ComponentMask]?: string[] } = {};
  for (const [name, entry] of Object.entries(parsed(text, file)).sort(([a], [b]) => numberOf(a) - numberOf(b))) {
    const mask = entry?.Mask as ComponentMask | undefined;
    const known = mask === 'combined' || mask === 'CSF' || mask === 'WM';
    if (!known || !/^[acw]_comp_cor_\d+$/.test(name) || entry!.Retained === false) continue;
    components[mask] = [...(components[mask] ?? []), name];
  }
  return Object.keys(components).length > 0 ? { components } : {};
}

function parsed(text: string, file: string): Record<string, { Mask?: unknown; Retained?: unknown } | null> {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError({ message: `not valid JSON: ${(error as Error).message}`, place: { file } }, { cause: error });
  }
}

function numberOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}
