import type { Kernel } from '../../artifacts/kernels.js';
import { intersectMasks, type Mask } from '../../artifacts/mask.js';
import { UserError } from '../../artifacts/user-error.js';
import type { Run } from './runs.js';

/** A run with the places of the common voxels in its own mask, increasing. */
export interface MemberRun {
  readonly run: Run;
  readonly rows: Int32Array;
}

/** A subject's effects: one run, or several that are combined; where a design is paired, also those that are subtracted. */
export interface Member {
  /** `sub-01`. */
  readonly name: string;
  readonly runs: readonly MemberRun[];
  readonly against?: readonly MemberRun[];
}

/** What all runs have in common. */
export interface Common {
  /** Voxels that every run has. */
  readonly mask: Mask;
  /** `fitted` only where every run's is. */
  readonly kernels: readonly Kernel[];
  readonly place: (run: Run) => MemberRun;
}

/** Makes sure that runs go together. Throws UserError naming the two that do not. */
export function commonOf(runs: readonly Run[]): Common {
  requireSameNoise(runs);
  requireSameKernels(runs);
  const mask = intersectMasks(
    runs.map((run) => run.mask),
    runs.map(({ name }) => name),
  );
  return { mask, kernels: commonStatus(runs), place: (run) => ({ run, rows: rowsOf(mask, run.mask) }) };
}

/** Runs by subject, in the order in which the subjects appear. A run whose name does not say a subject (`sub-…`) is one of its own. */
export function bySubject<R extends { readonly name: string }>(runs: readonly R[]): Map<string, R[]> {
  const subjects = new Map<string, R[]>();
  for (const run of runs) {
    const subject = /^sub-[^_]+/.exec(run.name)?.[0];
    const others = subject === undefined ? undefined : subjects.get(subject);
    if (others) others.push(run);
    else subjects.set(subject ?? unusedName(run.name, subjects), [run]);
  }
  return subjects;
}

function unusedName(name: string, used: ReadonlyMap<string, unknown>): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name} (${n})`;
    if (!used.has(candidate)) return candidate;
  }
}

function requireSameNoise(runs: readonly Run[]): void {
  const [first] = runs;
  const other = runs.find(({ noise }) => noise !== first!.noise);
  if (!other) return;
  throw new UserError({
    message: `the noise model is ${first!.noise} in ${first!.name} and ${other.noise} in ${other.name}`,
    expected: 'the same in all fits',
  });
}

function requireSameKernels(runs: readonly Run[]): void {
  const [first] = runs;
  for (const run of runs) {
    const at = Math.max(run.kernels.length, first!.kernels.length);
    for (let k = 0; k < at; k++) {
      const [due, found] = [first!.kernels[k]?.name, run.kernels[k]?.name];
      if (due === found) continue;
      throw new UserError({
        message: `kernel ${k + 1} is ${due ?? 'absent'} in ${first!.name} and ${found ?? 'absent'} in ${run.name}`,
        expected: 'the same kernels in the same order in all fits',
      });
    }
  }
}

function commonStatus(runs: readonly Run[]): Kernel[] {
  return runs[0]!.kernels.map((kernel, k) => {
    const statuses = runs.map((run) => run.kernels[k]!.status ?? 'fitted');
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
