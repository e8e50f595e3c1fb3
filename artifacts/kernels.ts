import { numericColumn, readTable, type Table, textColumn, writeTable } from './table.js';
import { UserError } from './user-error.js';

/** A column of a series, a regressor, a row of maps: a kernel of a layer, or a series of the user's own. */
export interface Kernel {
  /** `conv5_3/k276`, or the name of the user's own column. */
  readonly name: string;
  readonly layer: string;
  /** Number inside the layer, from 1, as in the paper. */
  readonly kernel: number;
  /**
   * The function of the response that a regressor was convolved with, where a kernel has several columns: `canonical`,
   * `time`, `dispersion`, or `delay3` (FIR). Columns of one kernel share layer and number. Absent: the only column.
   */
  readonly basis?: string;
  /** What became of it (`fitted`, `constant`, `collinear`); absent before the fit. */
  readonly status?: string;
}

/** `conv5_3/k276`. `kernel` counts from 1. */
export function kernelName(layer: string, kernel: number): string {
  return `${layer}/k${kernel}`;
}

/** Reads a table with columns name, layer, kernel and perhaps basis and status. Further columns are ignored. */
export async function readKernels(file: string): Promise<Kernel[]> {
  return kernelsOf(await readTable(file), file);
}

/** The same for a table that has been read already. */
export function kernelsOf(table: Table, file: string): Kernel[] {
  const names = textColumn(table, 'name', file);
  const layers = textColumn(table, 'layer', file);
  const numbers = numericColumn(table, 'kernel', file);
  const optional = (column: 'basis' | 'status') => {
    const values = table.columns.includes(column) ? textColumn(table, column, file) : [];
    return (index: number) =>
      values[index] === undefined || values[index] === 'n/a' ? {} : { [column]: values[index] };
  };
  const [basis, status] = [optional('basis'), optional('status')];
  if (new Set(names).size !== names.length) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    throw new UserError({ message: `kernel "${twice}" is listed twice`, place: { file, what: 'name' } });
  }
  return names.map((name, index) => ({
    name,
    layer: layers[index]!,
    kernel: numbers[index]!,
    ...basis(index),
    ...status(index),
  }));
}

/** Writes name, layer, kernel, and basis and status where any kernel has one. */
export async function writeKernels(file: string, kernels: readonly Kernel[]): Promise<void> {
  const optional = (['basis', 'status'] as const).filter((column) => kernels.some((kernel) => kernel[column]));
  await writeTable(
    file,
    ['name', 'layer', 'kernel', ...optional],
    kernels.map((kernel) => [
      kernel.name,
      kernel.layer,
      kernel.kernel,
      ...optional.map((column) => kernel[column] ?? null),
    ]),
  );
}

/** How many columns the kernel with the most has: 1 unless there are several functions of the response. */
export function columnsPerKernel(kernels: readonly Kernel[]): number {
  const counts = new Map<string, number>();
  if (!kernels.some(({ basis }) => basis)) return Math.min(1, kernels.length);
  for (const { layer, kernel } of kernels) {
    const key = `${layer}/${kernel}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}

/** Layers in order of first appearance. */
export function layersOf(kernels: readonly Kernel[]): string[] {
  return [...new Set(kernels.map((kernel) => kernel.layer))];
}

/** Throws UserError for every layer that no kernel belongs to. `keys` say where the step names it, `origin` what has the kernels. */
export function requireLayers(
  wanted: readonly { readonly layer: string; readonly keys: readonly (string | number)[] }[],
  kernels: readonly Kernel[],
  origin: string,
): void {
  const there = layersOf(kernels);
  const problems = wanted
    .filter(({ layer }) => !there.includes(layer))
    .map(({ layer, keys }) => ({
      message: `${origin} has no kernel of a layer "${layer}"`,
      keys,
      expected: `one of: ${there.join(', ')}`,
    }));
  if (problems.length > 0) throw new UserError(problems);
}

/** The layers under a parameter `layers`, as `requireLayers` takes them. */
export function namedLayers(layers: readonly string[] = []): { layer: string; keys: (string | number)[] }[] {
  return layers.map((layer, n) => ({ layer, keys: ['layers', n] }));
}
