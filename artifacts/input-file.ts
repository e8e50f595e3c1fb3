import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { InputContext, JsonSchema } from './artifact.js';
import { UserError } from './user-error.js';

/** The property `path` of an input's declaration. */
export function pathProperty(what: string): JsonSchema {
  return {
    type: 'string',
    minLength: 1,
    description: `${what} Relative paths start at the folder of the workflow file.`,
  };
}

/**
 * The absolute path of a file that the user named. Throws UserError at `keys` when it is missing, a folder, or may not
 * be read. `expected` says what it should be.
 */
export async function inputFile(
  given: string,
  context: InputContext,
  expected: string,
  keys: readonly (string | number)[] = ['path'],
): Promise<string> {
  const file = path.resolve(context.baseDir, given);
  const info = await look(file, expected, keys);
  if (info.isDirectory()) throw new UserError({ message: `${file} is a folder`, expected, keys });
  return file;
}

/** The same for a folder. */
export async function inputFolder(
  given: string,
  context: InputContext,
  expected: string,
  keys: readonly (string | number)[] = ['path'],
): Promise<string> {
  const folder = path.resolve(context.baseDir, given);
  const info = await look(folder, expected, keys);
  if (!info.isDirectory()) throw new UserError({ message: `${folder} is a file`, expected, keys });
  return folder;
}

async function look(file: string, expected: string, keys: readonly (string | number)[]) {
  try {
    const info = await stat(file);
    await access(file, constants.R_OK);
    return info;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const hint = await nearestFolder(file);
      throw new UserError({ message: `${file} does not exist`, expected, keys, hint }, { cause: error });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new UserError({ message: `${file} may not be read (permission denied)`, expected, keys }, { cause: error });
    }
    throw error;
  }
}

/** Where the path stops being true, so that the user sees which part is misspelt. */
async function nearestFolder(file: string): Promise<string> {
  let folder = path.dirname(file);
  while (folder !== path.dirname(folder)) {
    if (
      await stat(folder).then(
        (info) => info.isDirectory(),
        () => false,
      )
    )
      break;
    folder = path.dirname(folder);
  }
  return folder === path.dirname(file) ? `The folder ${folder} exists.` : `The path exists only up to ${folder}.`;
}
