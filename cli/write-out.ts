import { writeFile } from 'node:fs/promises';
import { UserError } from '../artifacts/user-error.js';
import { print } from './streams.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'read-only file system',
  EEXIST: 'a file is in its place',
  ENOSPC: 'the disk is full',
};

/** What is wrong with a file or folder that the user asked to be written, as a UserError; a fault of voxreel stays as it is. */
export function outError(error: unknown, file: string, expected: string): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException | undefined)?.code ?? ''];
  if (reason === undefined) return error;
  return new UserError({ message: `this cannot be written: ${reason}`, place: { file }, expected }, { cause: error });
}

/** Writes the text to the file that `--out` names, or to standard output. */
export async function writeOut(text: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(file, text);
  } catch (error) {
    throw outError(error, file, 'a file in a folder that exists');
  }
  print(`Written: ${file}`);
}
