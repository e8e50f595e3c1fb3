import type { Artifact } from '../../artifacts/artifact.js';
import { readFit, type StoredFit } from '../../artifacts/fit.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { intersectMasks, type Mask } from '../../artifacts/mask.js';
import { UserError } from '../../artifacts/user-error.js';
import type { FitModel } from '../../numerics/glm/model.js';
import { modelOf } from '../glm/fit-model.js';

/** A subject's fit, and where the voxels of the group are in it. */
export interface Member {
  readonly fit: StoredFit;
  readonly model: FitModel;
  /** Row of the fit's series for every voxel of the group's mask, increasing. */
  readonly rows: Int32Array;
}

export interface Members {
  readonly members: readonly Member[];
  readonly mask: Mask;
  /** With the status of the group: `fitted` only where every subject's is. */
  readonly kernels: readonly Kernel[];
}

/** Reads the fits and makes sure that they go together. */
export async function readMembers(artifacts: readonly Artifact[]): Promise<Members> {
  const names = artifacts.map(({ label, origin }) => label ?? origin);
  if (artifacts.length < 2) {
    throw new UserError({
      message: `a group of ${artifacts.length === 0 ? 'no subjects' : `one subject (${names[0]})`}`,
      expected: 'two subjects or more: with one there is no variance between subjects',
      hint: 'Add subjects, or use the step "contrast" for the maps of one.',
    });
  }
  const fits: StoredFit[] = [];
  for (const artifact of artifacts) fits.push(await readFit(artifact));
  requireSame(fits, names, 'noise model', ({ noise }) => noise);
  requireSameKernels(fits, names);
  const mask = intersectMasks(
    fits.map((fit) => fit.mask),
    names,
  );
  const members = fits.map((fit) => ({ fit, model: modelOf(fit), rows: rowsOf(mask, fit.mask) }));
  return { members, mask, kernels: groupStatus(fits) };
}

function requireSame(
  fits: readonly StoredFit[],
  names: readonly string[],
  what: string,
  of: (fit: StoredFit) => string,
): void {
  const other = fits.findIndex((fit) => of(fit) !== of(fits[0]!));
  if (other < 0) return;
  throw new UserError({
    message: `the ${what} is ${of(fits[0]!)} in ${names[0]} and ${of(fits[other]!)} in ${names[other]}`,
    expected: 'the same in all fits',
  });
}

function requireSameKernels(fits: readonly StoredFit[], names: readonly string[]): void {
  const [first] = fits;
  fits.forEach((fit, index) => {
    const at = Math.max(fit.kernels.length, first!.kernels.length);
    for (let k = 0; k < at; k++) {
      const [due, found] = [first!.kernels[k]?.name, fit.kernels[k]?.name];
      if (due === found) continue;
      throw new UserError({
        message: `kernel ${k + 1} is ${due ?? 'absent'} in ${names[0]} and ${found ?? 'absent'} in ${names[index]}`,
        expected: 'the same kernels in the same order in all fits',
      });
    }
  });
}

function groupStatus(fits: readonly StoredFit[]): Kernel[] {
  return fits[0]!.kernels.map((kernel, k) => {
    const statuses = fits.map((fit) => fit.kernels[k]!.status ?? 'fitted');
    return { ...kernel, status: statuses.find((status) => status !== 'fitted') ?? 'fitted' };
  });
}

/** Both masks are sorted, and the first lies within the second. */
function rowsOf(mask: Mask, within: Mask): Int32Array {
  let row = 0;
  return mask.voxels.map((offset) => {
    while (within.voxels[row]! < offset) row++;
    return row;
  });
}
