import type { Produced } from './artifact.js';
import { fileOf } from './meta.js';
import { type NpyDtype, type NpyHeader, readNpyHeader } from './npy.js';
import { UserError } from './user-error.js';

/**
 * The shape of a produced array must be as given; null stands for any length. Also checks the type where one is named.
 * Reads the header only. Throws UserError, since the file may come from a program of the user's own.
 */
export async function requireShape(
  produced: Produced,
  role: string,
  shape: readonly (number | null)[],
  dtype?: NpyDtype | readonly NpyDtype[],
): Promise<NpyHeader> {
  requireFiles(produced, [role]);
  const file = fileOf(produced, role);
  const header = await readNpyHeader(file);
  const fits =
    header.shape.length === shape.length &&
    shape.every((length, axis) => length === null || length === header.shape[axis]);
  const show = (lengths: readonly (number | null)[]) => `[${lengths.map((length) => length ?? 'any').join(', ')}]`;
  if (!fits) {
    throw new UserError({
      message: `${role} has the shape ${show(header.shape)}`,
      place: { file },
      expected: show(shape),
    });
  }
  const types = dtype === undefined ? null : [dtype].flat();
  if (types && !(types as readonly string[]).includes(header.descr)) {
    throw new UserError({ message: `${role} holds ${header.descr}`, place: { file }, expected: types.join(' or ') });
  }
  if (header.fortranOrder) {
    throw new UserError({ message: `${role} is in Fortran order`, place: { file }, expected: 'C order' });
  }
  return header;
}

/** All roles must be there. */
export function requireFiles(produced: Produced, roles: readonly string[]): void {
  const missing = roles.filter((role) => !produced.files[role]);
  if (missing.length === 0) return;
  throw new UserError({
    message: `no file for ${missing.join(', ')}`,
    expected: roles.join(', '),
    hint: `Found: ${Object.keys(produced.files).join(', ') || 'nothing'}.`,
  });
}
