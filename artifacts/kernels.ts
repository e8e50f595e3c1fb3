import { numericColumn, readTable, type Table, textColumn, writeTable } from './table.js';
import { UserError } from './user-error.js';

/** A column of a series, a regressor, a row of maps: a kernel of a layer, or a series of the user's own. */
export interface Kernel {
  /** `conv5_3/k276`, or the name of the user's own column. */
  readonly name: string;
  readonly layer: string;
  /** Number inside the layer, from 1, as in the paper. */
  readonly kernel: number;
  /** What became of it (`fitted`, `constant`, `collinear`); absent before the fit. */
  readonly status?: string;
}

/** `conv5_3/k276`. `kernel` counts from 1. */
export function kernelName(layer: string, kernel: number): string {
  return `${layer}/k${kernel}`;
}

/** Reads a table with columns name, layer, kernel and perhaps status. Further columns are ignored. */
export async function readKernels(file: string): Promise<Kernel[]> {
  return kernelsOf(await readTable(file), file);
}

/** The same for a table that has been read already. */
export function kernelsOf(table: Table, file: string): Kernel[] {
  const names = textColumn(table, 'name', file);
  const layers = textColumn(table, 'layer', file);
  const numbers = numericColumn(table, 'kernel', file);
  const status = table.columns.includes('status') ? textColumn(table, 'status', file) : null;
  if (new Set(names).size !== names.length) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    throw new UserError({ message: `kernel "${twice}" is listed twice`, place: { file, what: 'name' } });
  }
  return names.map((name, index) => {
    const kernel: Kernel = { name, layer: layers[index]!, kernel: numbers[index]! };
    return status && status[index] !== 'n/a' ? { ...kernel, status: status[index]! } : kernel;
  });
}

/** Writes name, layer, kernel, and status where any kernel has one. */
export async function writeKernels(file: string, kernels: readonly Kernel[]): Promise<void> {
  const withStatus = kernels.some((kernel) => kernel.status !== undefined);
  const columns = withStatus ? ['name', 'layer', 'kernel', 'status'] : ['name', 'layer', 'kernel'];
  await writeTable(
    file,
    columns,
    kernels.map(({ name, layer, kernel, status }) => [name, layer, kernel, ...(withStatus ? [status ?? null] : [])]),
  );
}

/** Layers in order of first appearance. */
export function layersOf(kernels: readonly Kernel[]): string[] {
  return [...new Set(kernels.map((kernel) => kernel.layer))];
}
