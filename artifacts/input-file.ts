import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import type { InputContext, InputDeclaration, JsonObject, JsonSchema } from './artifact.js';
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
 * How an input that is one file is written: `path`, and nothing else. `look` may check the file (headers, no data); it
 * returns the role, and facts that it found. `expected` says in messages what the file should be.
 */
export function fileInput(
  type: string,
  what: string,
  expected: string,
  look: (file: string) => Promise<{ role: string; meta?: JsonObject }> | { role: string; meta?: JsonObject },
): InputDeclaration {
  return {
    properties: { path: pathProperty(what) },
    required: ['path'],
    async resolve(spec, context) {
      const given = spec.path as string;
      const file = await inputFile(given, context, expected);
      const { role, meta } = await look(file);
      return { type, files: { [role]: file }, ...(meta && { meta }), origin: given };
    },
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
