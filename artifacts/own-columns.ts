import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { InputContext, JsonObject, JsonSchema } from './artifact.js';
import { inputFile, pathProperty } from './input-file.js';
import type { Kernel } from './kernels.js';
import { readNpyHeader } from './npy.js';
import { sameTr } from './repetition-time.js';
import { parseTable } from './table.js';
import { UserError } from './user-error.js';

/*
 * Series and regressors of the user's own: a table or an array with one column per kernel. The file stays as it is;
 * which column is which kernel travels in `meta.columns`.
 */

export interface OwnColumnsSpec {
  readonly path: string;
  readonly layers?: Readonly<Record<string, readonly string[]>>;
  readonly names?: readonly string[];
  readonly axes?: readonly string[];
}

/** Properties of the input that series and regressors share. `row` is what a row of an array is. */
export function ownColumnsProperties(row: 'sample' | 'volume'): Readonly<Record<string, JsonSchema>> {
  return {
    path: pathProperty('A table with a line of column names (.tsv, .csv) or a two-dimensional array (.npy).'),
    layers: {
      type: 'object',
      additionalProperties: { type: 'array', items: { type: 'string' }, minItems: 1 },
      description:
        'Which columns belong to which layer (`{ A: [k01, k02], B: [k03] }`). Every column belongs to exactly one. ' +
        'Default: `layers` of the JSON file beside the table, else one layer named like this input.',
    },
    names: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Names of the columns of an array (.npy), which has none of its own. Default: the columns of `layers` in their order.',
    },
    axes: {
      enum: [
        [row, 'kernel'],
        ['kernel', row],
      ],
      description: `Meaning of the two axes of an array (.npy). Default: [${row}, kernel].`,
    },
  };
}

/** What the JSON file beside the table may say. */
interface Sidecar {
  readonly file: string;
  readonly seconds?: number;
  readonly layers?: Readonly<Record<string, readonly string[]>>;
}

export interface OwnColumns {
  /** Role `<stem>.tsv`, `.csv` or `.npy` to the user's file. */
  readonly files: Readonly<Record<string, string>>;
  /** `columns` and, for a transposed array, `axes`: part of the artifact's meta. */
  readonly meta: JsonObject;
  /** `repetition_time` of the JSON file beside the table, in s. */
  readonly seconds: { readonly value: number; readonly file: string } | null;
}

/** Finds file, names and layers; reads the first line or the header, and the JSON file of the same name beside it. */
export async function resolveOwnColumns(
  stem: 'series' | 'regressors',
  spec: OwnColumnsSpec,
  context: InputContext,
): Promise<OwnColumns> {
  const file = await inputFile(spec.path, context, 'a table (.tsv, .csv) or an array (.npy)');
  const kind = /\.(tsv|csv|npy)$/i.exec(file)?.[1]?.toLowerCase();
  if (!kind) {
    throw new UserError({
      message: `${file} is neither table nor array`,
      expected: '.tsv, .csv or .npy',
      keys: ['path'],
    });
  }
  const sidecar = await readSidecar(file);
  if (spec.layers && sidecar?.layers && !sameLayers(spec.layers, sidecar.layers)) {
    throw new UserError({
      message: `layers differ from those in ${sidecar.file}`,
      expected: 'the same in both, or in one place only',
      keys: ['layers'],
    });
  }
  const layers = spec.layers ?? sidecar?.layers;
  const names = kind === 'npy' ? await namesOfArray(file, spec, layers) : await namesOfTable(file, kind, spec);
  const columns = assignLayers(names, layers ?? { [context.name]: names }, file);
  const transposed = kind === 'npy' && spec.axes?.[0] === 'kernel';
  return {
    files: { [`${stem}.${kind}`]: file },
    meta: {
      columns: columns.map(({ name, layer, kernel }) => ({ name, layer, kernel })),
      ...(transposed && { axes: spec.axes! }),
    },
    seconds: sidecar?.seconds === undefined ? null : { value: sidecar.seconds, file: sidecar.file },
  };
}

/**
 * Time per row in s: from the spec, else from the file beside the table. Throws UserError when they contradict each other
 * or neither says anything.
 */
export function secondsPerRow(key: string, given: number | undefined, own: OwnColumns, file: string): number {
  const { seconds } = own;
  if (given !== undefined && seconds && !sameTr(given, seconds.value)) {
    throw new UserError({
      message: `${key} is ${given} s here and ${seconds.value} s in ${seconds.file} (repetition_time)`,
      expected: 'the same in both, or in one place only',
      keys: [key],
    });
  }
  const value = given ?? seconds?.value;
  if (value !== undefined) return value;
  throw new UserError({
    message: `nothing says how much time lies between two rows of ${file}`,
    expected: `"${key}" in seconds`,
    hint: `Add "${key}: 2", or a JSON file beside the table with "repetition_time".`,
    keys: [],
  });
}

async function namesOfTable(file: string, kind: string, spec: OwnColumnsSpec): Promise<string[]> {
  for (const key of ['names', 'axes'] as const) {
    if (spec[key]) {
      throw new UserError({ message: `"${key}" is for arrays; a table names its columns itself`, keys: [key] });
    }
  }
  return parseTable(await firstLine(file), file, kind === 'csv' ? ',' : '\t').columns;
}

/** Without the rest, which may be long: plans look at this line every time. */
async function firstLine(file: string): Promise<string> {
  const handle = await open(file);
  try {
    for await (const line of handle.readLines({ autoClose: false })) return line;
    return '';
  } finally {
    await handle.close();
  }
}

async function namesOfArray(file: string, spec: OwnColumnsSpec, layers: OwnColumnsSpec['layers']): Promise<string[]> {
  const { shape } = await readNpyHeader(file);
  if (shape.length !== 2) {
    throw new UserError({
      message: `array of shape [${shape.join(', ')}] in ${file}`,
      expected: 'two axes',
      keys: ['path'],
    });
  }
  const columns = spec.axes?.[0] === 'kernel' ? shape[0]! : shape[1]!;
  const names = spec.names ?? (layers ? Object.values(layers).flat() : undefined);
  if (!names) {
    throw new UserError({
      message: `the ${columns} columns of ${file} have no names`,
      expected: '"names" or "layers"',
      keys: [],
    });
  }
  if (names.length !== columns) {
    throw new UserError({
      message: `${names.length} names for an array of shape [${shape.join(', ')}]`,
      expected: `${columns} (axes: ${(spec.axes ?? ['row', 'kernel']).join(', ')})`,
      keys: [spec.names ? 'names' : 'layers'],
    });
  }
  return [...names];
}

/** Every column gets its layer and its number inside it (from 1, in the order in which the layer lists its columns). */
function assignLayers(
  names: readonly string[],
  layers: Readonly<Record<string, readonly string[]>>,
  file: string,
): Kernel[] {
  const places = new Map<string, { layer: string; kernel: number }>();
  const bad = (message: string, expected: string) => new UserError({ message, expected, keys: ['layers'] });
  for (const [layer, columns] of Object.entries(layers)) {
    columns.forEach((name, index) => {
      if (!names.includes(name)) {
        throw bad(
          `layer ${layer} names the column "${name}", which ${file} does not have`,
          `one of: ${names.join(', ')}`,
        );
      }
      const other = places.get(name);
      if (other)
        throw bad(`column "${name}" is in layer ${other.layer} and in layer ${layer}`, 'one layer for each column');
      places.set(name, { layer, kernel: index + 1 });
    });
  }
  const homeless = names.filter((name) => !places.has(name));
  if (homeless.length > 0) throw bad(`columns without a layer: ${homeless.join(', ')}`, 'a layer for every column');
  if (new Set(names).size < names.length) {
    throw new UserError({ message: 'two columns have the same name', keys: ['names'] });
  }
  return names.map((name) => ({ name, ...places.get(name)! }));
}

async function readSidecar(file: string): Promise<Sidecar | null> {
  const sidecar = path.join(path.dirname(file), `${path.parse(file).name}.json`);
  let text: string;
  try {
    text = await readFile(sidecar, 'utf8');
  } catch {
    return null;
  }
  try {
    const { repetition_time: seconds, layers } = JSON.parse(text) as Record<string, any>;
    return { file: sidecar, ...(typeof seconds === 'number' && { seconds }), ...(layers && { layers }) };
  } catch (error) {
    throw new UserError({ message: `not valid JSON: ${(error as Error).message}`, place: { file: sidecar } });
  }
}

function sameLayers(
  a: Readonly<Record<string, readonly string[]>>,
  b: Readonly<Record<string, readonly string[]>>,
): boolean {
  const normal = (layers: typeof a) => JSON.stringify(Object.entries(layers).sort(([x], [y]) => (x < y ? -1 : 1)));
  return normal(a) === normal(b);
}
