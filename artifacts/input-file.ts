import { constants } from 'node:fs';
import { access, readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { distance } from 'fastest-levenshtein';
import type { InputContext, InputDeclaration, JsonObject, JsonSchema } from './artifact.js';
import { type Problem, UserError } from './user-error.js';

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
  const file = path.resolve(context.folderOf?.(keys) ?? context.baseDir, given);
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
  const folder = path.resolve(context.folderOf?.(keys) ?? context.baseDir, given);
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
      const target = await readlink(file).catch(() => undefined);
      if (target !== undefined) throw new UserError(brokenLink(file, target, expected, keys), { cause: error });
      const hint = await nearestFolder(file);
      throw new UserError({ message: `${file} does not exist`, expected, keys, hint }, { cause: error });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new UserError({ message: `${file} may not be read (permission denied)`, expected, keys }, { cause: error });
    }
    throw error;
  }
}

/** Datasets under git-annex (DataLad, OpenNeuro) have links in place of files whose content was not fetched. */
function brokenLink(file: string, target: string, expected: string, keys: readonly (string | number)[]): Problem {
  const annex = target.includes('.git/annex/');
  return {
    message: annex
      ? `the content of ${file} is not here: it is a git-annex link`
      : `${file} is a link to ${target}, which does not exist`,
    expected,
    keys,
    hint: annex ? `Fetch it: datalad get "${file}" (or: git annex get).` : 'Correct the link, or name the file itself.',
  };
}

/** Where the path stops being true, and what there is of nearly the same name, so that the user sees which part is misspelt. */
async function nearestFolder(file: string): Promise<string> {
  let folder = path.dirname(file);
  let missing = path.basename(file);
  while (folder !== path.dirname(folder)) {
    const isFolder = await stat(folder).then(
      (info) => info.isDirectory(),
      () => false,
    );
    if (isFolder) break;
    missing = path.basename(folder);
    folder = path.dirname(folder);
  }
  const names = await readdir(folder).catch(() => []);
  const near = names
    .map((name) => ({ name, cost: name.startsWith(missing) || missing.startsWith(name) ? 1 : distance(name, missing) }))
    .filter(({ cost }) => cost <= Math.max(1, 0.3 * missing.length))
    .sort((a, b) => a.cost - b.cost)[0];
  const end = near ? `; it holds ${near.name}.` : '.';
  return folder === path.dirname(file)
    ? `The folder ${folder} exists${end}`
    : `The path exists only up to ${folder}${end}`;
}
