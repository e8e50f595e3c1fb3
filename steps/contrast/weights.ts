import type { JsonSchema } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';

type Weights = Readonly<Record<string, number>>;

/** A contrast as it is written: a column, weights of columns, or an F test of several of these. */
export type ContrastSpec = string | Weights | { readonly F: readonly (string | Weights)[] };

/** Weights [row, column] of a contrast. */
export interface Contrast {
  readonly type: 't' | 'F';
  readonly rows: readonly Float64Array[];
}

const weights: JsonSchema = {
  type: 'object',
  additionalProperties: { type: 'number' },
  minProperties: 1,
  description: 'Weights by column.',
};

export const contrastSchema: JsonSchema = {
  anyOf: [
    { type: 'string', description: 'A column: weight 1.' },
    weights,
    {
      type: 'object',
      required: ['F'],
      additionalProperties: false,
      properties: {
        F: {
          type: 'array',
          minItems: 1,
          items: { anyOf: [{ type: 'string' }, weights] },
          description: 'Tested together. A name may have `*` for any text.',
        },
      },
    },
  ],
};

/** Whether a contrast is an F test. A column that is called F has a number, not a list. */
export function isF(spec: ContrastSpec): spec is { readonly F: readonly (string | Weights)[] } {
  return typeof spec === 'object' && Array.isArray(spec.F);
}

/** The weights of a contrast over `columns`. Throws UserError, with `keys`, for names that are not columns and for weights that are all 0. */
export function contrastOf(
  spec: ContrastSpec,
  columns: readonly string[],
  { name, keys, what }: { readonly name: string; readonly keys: readonly string[]; readonly what: string },
): Contrast {
  const unknown = (column: string): never => {
    const shown = columns.slice(0, 40).join(', ') + (columns.length > 40 ? ', …' : '');
    throw new UserError({
      message: `the contrast "${name}" names "${column}", which is no ${what}`,
      expected: `one of: ${shown}`,
      keys,
    });
  };
  const row = (given: string | Weights): Float64Array => {
    const out = new Float64Array(columns.length);
    for (const [column, weight] of typeof given === 'string' ? [[given, 1] as const] : Object.entries(given)) {
      const index = columns.indexOf(column);
      if (index < 0) unknown(column);
      out[index] = weight;
    }
    if (out.some((weight) => weight !== 0)) return out;
    throw new UserError({ message: `all weights of the contrast "${name}" are 0`, expected: 'one that is not', keys });
  };
  if (!isF(spec)) return { type: 't', rows: [row(spec)] };
  const rows = spec.F.flatMap((given) => {
    if (typeof given !== 'string' || !given.includes('*') || columns.includes(given)) return [row(given)];
    const pattern = new RegExp(`^${given.split('*').map(escaped).join('.*')}$`);
    const matching = columns.filter((column) => pattern.test(column));
    return matching.length > 0 ? matching.map(row) : unknown(given);
  });
  return { type: 'F', rows };
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
