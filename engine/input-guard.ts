import { UserError } from '../artifacts/user-error.js';
import type { Facts, StatCache } from '../cache/stat-cache.js';

/**
 * Watches the user's files that a step reads. The first call says that they are still what was digested; the function
 * that it gives says at the end of the step that nobody wrote to them meanwhile. Both throw a UserError that names the
 * file, so a result is never recorded as made from a content that it was not made from.
 */
export type InputGuard = (
  files: readonly string[],
  instance: string,
  signal?: AbortSignal,
) => Promise<() => Promise<void>>;

/** Trying again is of no use: the run began with another input. */
export class EditedInputError extends UserError {}

export function inputGuard(cache: StatCache): InputGuard {
  return async (files, instance, signal) => {
    const ask = () => Promise.all(files.map((file) => cache.confirm(file, signal)));
    const before = await ask();
    throwIfAny(files, (index) => before[index] === undefined, `was edited before ${instance} started`);
    return async () => {
      const after = await ask();
      throwIfAny(files, (index) => isEdited(before[index]!, after[index]), `was edited while ${instance} ran`);
    };
  };
}

/**
 * Content that came back to what it was counts as edited too: the step may have read what was there in between. A change
 * of the inode's time alone (another link, other rights) does not: the content was compared then.
 */
function isEdited(before: Facts, after: Facts | undefined): boolean {
  return after === undefined || [0, 1, 3].some((index) => before[index] !== after[index]);
}

function throwIfAny(files: readonly string[], isBad: (index: number) => boolean, what: string): void {
  const bad = files.filter((_, index) => isBad(index));
  if (bad.length === 0) return;
  throw new EditedInputError(
    bad.map((file) => ({
      message: `this input ${what}; what was made from it is not kept`,
      place: { file },
      hint: 'Run again when nothing writes to it: what does not depend on it is kept.',
    })),
  );
}
