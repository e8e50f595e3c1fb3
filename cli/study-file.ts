import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../artifacts/user-error.js';

export const YAML = /\.ya?ml$/i;

/** Splits `[FILE] NAME...`: the first word is the study where it ends as one; else the folder's only one is meant. */
export function studyAndNames(words: readonly string[]): { readonly file: string; readonly names: readonly string[] } {
  const [first = '', ...rest] = words;
  return YAML.test(first) ? { file: first, names: rest } : { file: onlyStudy(), names: words };
}

/** The one workflow file of the current folder. @throws UserError when there is none, or several. */
export function onlyStudy(): string {
  const files = readdirSync('.').filter((name) => YAML.test(name) && isStudy(readFileSync(name, 'utf8')));
  if (files.length === 1) return files[0]!;
  throw new UserError({
    message: files.length === 0 ? 'there is no workflow file here' : `there are ${files.length} workflow files here`,
    place: { file: path.resolve('.') },
    expected: files.length === 0 ? 'a YAML file with `voxreel: 1`' : files.join(', '),
    hint: 'Name it before the other words, as in `voxreel why study.yaml fit`.',
  });
}

/** A file without a name is a fragment that others include. */
function isStudy(text: string): boolean {
  return /^voxreel:/m.test(text) && /^name:/m.test(text);
}
