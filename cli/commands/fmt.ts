import { chmod, readFile, realpath, stat } from 'node:fs/promises';
import { type Problem, UserError } from '../../artifacts/user-error.js';
import { writeAtomic } from '../../cache/atomic-file.js';
import { readDocument } from '../../engine/spec/document.js';
import { formatText } from '../../engine/spec/format.js';
import { exitCode } from '../exit-code.js';
import { print } from '../streams.js';
import { count } from '../terminal/text.js';
import { outError } from '../write-out.js';

/** Formats workflow files in place, each as a whole or not at all; nothing is written if one of them cannot be read. */
export async function fmtCommand(files: readonly string[], { check = false }: { check?: boolean }): Promise<number> {
  const problems: Problem[] = [];
  const changes: { file: string; text: string }[] = [];
  for (const file of files) {
    try {
      const text = await formatted(file);
      if (text !== undefined) changes.push({ file, text });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  for (const { file, text } of changes) {
    if (!check) await replace(file, text);
    print(`${check ? 'Would change' : 'Formatted'}: ${file}`);
  }
  if (changes.length === 0) print(`${count(files.length, 'file')} in canonical form.`);
  return check && changes.length > 0 ? exitCode.failed : exitCode.ok;
}

/** The canonical text of a file, if it has another one now. @throws UserError where it is not YAML */
async function formatted(file: string): Promise<string | undefined> {
  const { problems } = await readDocument(file);
  if (problems.length > 0) throw new UserError(problems);
  const before = await readFile(file, 'utf8');
  const after = formatText(before);
  if (after === undefined) {
    const message = 'this file cannot be formatted without changing what it says, and is left as it is';
    throw new UserError({ message, place: { file }, hint: 'Please report it, with the file.' });
  }
  return after === before ? undefined : after;
}

async function replace(file: string, text: string): Promise<void> {
  try {
    // Through a link to the file itself, which keeps its permissions.
    const target = await realpath(file);
    const { mode } = await stat(target);
    const temporary = `${target}.${process.pid}.fmt`;
    await writeAtomic(target, text, temporary);
    await chmod(target, mode);
  } catch (error) {
    throw outError(error, file, 'a file that may be written');
  }
}
