import type { StoredFit } from '../../artifacts/fit.js';
import { columnsPerKernel, type Kernel } from '../../artifacts/kernels.js';
import { UserError } from '../../artifacts/user-error.js';
import type { FitModel, KernelColumns, Noise } from '../../numerics/glm/model.js';
import { toShared } from '../../numerics/shared-memory.js';

/** What the pool needs of a fit, its large arrays in shared memory, and what its estimates are of. */
export interface ModelOfRows {
  readonly model: FitModel;
  /** Kernels, or the columns of kernels that are wanted. */
  readonly kernels: readonly Kernel[];
}

/** Throws UserError for kernels with several columns: for steps that work with one regressor per kernel. */
export function modelOf(fit: StoredFit): FitModel {
  if (columnsPerKernel(fit.kernels) > 1) {
    throw new UserError({
      message: `the kernels of the fit have several columns (${firstNames(fit)}, …), and this step works with one regressor of each`,
      expected: 'a fit of regressors with "basis: canonical" in the step "hrf"',
      hint: 'The steps "contrast", "group", "combine" and "joint" take them.',
    });
  }
  return modelWith(fit);
}

/**
 * Kernels with several columns have one model each, with all their columns; of `basis` functions (`canonical`, `time`,
 * `delay3`) there are estimates, without it of the canonical ones where there are such, else of all. Throws UserError for
 * functions that the fit does not have, and for noise that has no form for several columns.
 */
export function rowsOf(fit: StoredFit, basis?: readonly string[]): ModelOfRows {
  const { kernels } = fit;
  const perKernel = columnsPerKernel(kernels);
  if (perKernel <= 1) {
    if (!basis) return { model: modelWith(fit), kernels };
    throw new UserError({
      message: 'the kernels of the fit have one column each',
      expected: '`basis` only where the step "hrf" made several columns per kernel',
      keys: ['basis'],
    });
  }
  const functions = kernels.slice(0, perKernel).map((kernel) => kernel.basis ?? '');
  requireColumns(fit, functions);
  const asked = basis ?? (functions.includes('canonical') ? ['canonical'] : functions);
  const missing = asked.filter((name) => !functions.includes(name));
  if (missing.length > 0) {
    throw new UserError({
      message: `the kernels of the fit have no column ${missing.join(', ')}`,
      expected: `some of: ${functions.join(', ')}`,
      keys: ['basis'],
    });
  }
  const columns: KernelColumns = {
    perKernel,
    wanted: [...functions.keys()].filter((j) => asked.includes(functions[j]!)),
  };
  const rows = kernels.filter((_, row) => columns.wanted.includes(row % perKernel));
  const whitening = fit.whitening?.filter((_, at) => columns.wanted.includes(Math.floor(at / 2) % perKernel));
  const model = { ...modelWith(fit), kernels: rows.length, columns, ...(whitening && { whitening }) };
  return { model, kernels: rows };
}

function requireColumns(fit: StoredFit, functions: readonly string[]): void {
  const perKernel = functions.length;
  const odd = fit.kernels.find(({ basis, layer, kernel }, row) => {
    const first = fit.kernels[row - (row % perKernel)]!;
    return basis !== functions[row % perKernel] || layer !== first.layer || kernel !== first.kernel;
  });
  if (odd) {
    throw new UserError({
      message: `not all kernels of the fit have the same columns: ${odd.name} does not follow ${functions.join(', ')}`,
      expected: 'the columns of the first kernel, in the same order, for every kernel',
    });
  }
  // One rho per pair needs what each model takes from the residuals, which is known for one column only.
  if (fit.noise !== 'ar1' || fit.rho) return;
  throw new UserError({
    message: `kernels with several columns (${firstNames(fit)}, …) in a fit with noise ar1 and "ar1_smooth: 0"`,
    expected: 'one rho per voxel ("ar1_smooth" above 0), or another noise',
    hint: 'The step "joint" takes several columns with any noise.',
  });
}

function firstNames({ kernels }: StoredFit): string {
  return kernels
    .slice(0, 2)
    .map(({ name }) => name)
    .join(', ');
}

function modelWith(fit: StoredFit): FitModel {
  return {
    noise: fit.noise as Noise,
    df: fit.df,
    time: fit.volumes,
    kernels: fit.kernels.length,
    rank: fit.rank,
    regressors: toShared(fit.regressors),
    nuisance: toShared(fit.nuisance),
    ...(fit.whitening && { whitening: fit.whitening }),
    ...(fit.rho && { rhoKnown: true }),
  };
}
