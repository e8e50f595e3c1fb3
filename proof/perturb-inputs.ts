import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ResolvedInput, ResolvedItem } from '../artifacts/artifact.js';
import { rewriteImage } from '../artifacts/nifti-rewrite.js';
import { readNpy, writeNpy } from '../artifacts/npy.js';
import type { ResolvedInputs } from '../engine/workflow.js';
import { moveLastDigits, moveSeventhDigit } from '../numerics/last-digit.js';
import { Xoshiro128 } from '../numerics/xoshiro.js';

/** Inputs that are measured in real numbers; masks, atlases, events, movies and weights are what they are. */
const REAL = new Set(['bold', 'image', 'series', 'regressors', 'confounds']);

/** Whether an input of this type gets noise. */
export function isPerturbed(type: string): boolean {
  return REAL.has(type);
}

/**
 * Copies of the inputs that differ from them in the last digit of single precision, at random; inputs of other types as they
 * are. Whole numbers in tables and arrays stay: counts and marks are not measured.
 * @param dir an empty folder for the copies
 * @param seed the same seed gives the same noise
 */
export async function perturbInputs(
  inputs: ResolvedInputs,
  dir: string,
  seed: number,
  signal?: AbortSignal,
): Promise<ResolvedInputs> {
  // A file that several inputs name gets one copy.
  const copies = new Map<string, Promise<string>>();
  const copyOf = (role: string, file: string): Promise<string> => {
    const known = copies.get(file);
    if (known) return known;
    // Noise of a file depends on its place in the list only, not on its path.
    const random = new Xoshiro128(seed * 0x10000 + copies.size);
    const made = perturbFile(role, file, path.join(dir, `${copies.size}`), random, signal);
    copies.set(file, made);
    return made;
  };
  const one = async (input: ResolvedInput): Promise<ResolvedInput> => {
    if (!isPerturbed(input.type)) return input;
    const files: Record<string, string> = {};
    for (const [role, file] of Object.entries(input.files)) files[role] = await copyOf(role, file);
    return { ...input, files };
  };
  const perturbed = new Map<string, ResolvedInput | readonly ResolvedItem[]>();
  for (const [name, input] of inputs) {
    if ('files' in input) perturbed.set(name, await one(input));
    else {
      const items: ResolvedItem[] = [];
      for (const item of input) {
        const ports: Record<string, ResolvedInput> = {};
        for (const [port, own] of Object.entries(item.ports)) ports[port] = await one(own);
        items.push({ ...item, ports });
      }
      perturbed.set(name, items);
    }
  }
  return perturbed;
}

/** @returns the copy: the role, not its name, says what it is */
async function perturbFile(
  role: string,
  file: string,
  target: string,
  random: Xoshiro128,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (/\.nii(\.gz)?$/.test(role)) {
    await rewriteImage(file, target, (values) => moveLastDigits(values, random), signal);
  } else if (role.endsWith('.npy')) {
    const { shape, data } = await readNpy(file);
    if (data instanceof Float32Array) moveLastDigits(data, random);
    else for (let i = 0; i < data.length; i++) data[i] = measured(data[i]!, random);
    await writeNpy(target, shape, data);
  } else
    await writeFile(target, perturbTable(await readFile(file, 'utf8'), role.endsWith('.csv') ? ',' : '\t', random));
  return target;
}

/** The numbers below the first line, without the whole ones; everything else stays letter by letter. */
function perturbTable(text: string, separator: string, random: Xoshiro128): string {
  const [head, ...lines] = text.split('\n');
  const cell = (found: string) => {
    const value = Number(found);
    const moved = measured(value, random);
    return Object.is(moved, value) ? found : String(moved);
  };
  return [head, ...lines.map((line) => line.split(separator).map(cell).join(separator))].join('\n');
}

function measured(value: number, random: Xoshiro128): number {
  return Number.isInteger(value) || !Number.isFinite(value) ? value : moveSeventhDigit(value, random);
}
