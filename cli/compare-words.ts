import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../artifacts/user-error.js';
import { studyAndNames, YAML } from './study-file.js';

/** What the words after `voxreel compare` name. */
export type Compared =
  | { readonly kind: 'experiments'; readonly file: string; readonly names: readonly string[] }
  | { readonly kind: 'runs'; readonly ids: readonly string[] }
  | { readonly kind: 'folders'; readonly dirs: readonly string[] };

const RUN = /^\d{8}-\d{6}/;

/**
 * A word with a slash is a results folder, one that begins as `20261123-140200` a run of the log, another one an experiment;
 * so none is ever taken for another, whatever exists.
 * @throws UserError for kinds that are mixed, and fewer than two
 */
export function comparedBy(words: readonly string[]): Compared {
  const named = YAML.test(words[0] ?? '') ? words.slice(1) : words;
  const kinds = new Set(named.map(kindOf));
  if (kinds.size > 1) {
    throw new UserError({
      message: `these are of different kinds: ${named.map((word) => `${word} (${kindOf(word)})`).join(', ')}`,
      expected: 'experiments, runs or results folders, of one kind',
      hint: 'The published results of an experiment are a folder: results/demo/glover. A word with a slash is one: ./glover.',
    });
  }
  const [kind = 'experiment'] = kinds;
  if (named.length < 2) {
    throw new UserError({
      message: `one ${kind} is not enough: ${named.join('') || 'none named'}`,
      expected: 'two or more: voxreel compare study.yaml default glover',
    });
  }
  if (named.length < words.length && kind !== 'experiment') {
    throw new UserError({
      message: `${words[0]} is not needed: a ${kind} knows its study`,
      expected: `voxreel compare ${named.join(' ')}`,
    });
  }
  const unique = kind === 'folder' ? named.map((dir) => (existsSync(dir) ? realpathSync(dir) : dir)) : named;
  if (new Set(unique).size < unique.length) throw new UserError({ message: `the same ${kind} is named twice` });
  if (kind === 'folder')
    return { kind: 'folders', dirs: named.map((dir) => path.normalize(dir).replace(/(.)[/\\]$/, '$1')) };
  if (kind === 'run') return { kind: 'runs', ids: named };
  return { kind: 'experiments', ...studyOf(words) };
}

function kindOf(word: string): 'folder' | 'run' | 'experiment' {
  if (/[/\\]/.test(word) || word === '.' || word === '..') return 'folder';
  return RUN.test(word) ? 'run' : 'experiment';
}

function studyOf(words: readonly string[]) {
  try {
    return studyAndNames(words);
  } catch (error) {
    const isFolder = (word: string) => statSync(word, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!(error instanceof UserError) || !words.every(isFolder)) throw error;
    throw new UserError(
      {
        message: `there is no workflow file here that could have the experiments ${words.join(', ')}`,
        hint: `If the folders are meant: voxreel compare ${words.map((word) => `./${word}`).join(' ')}`,
      },
      { cause: error },
    );
  }
}

/** What tables call folders: as they were named, without the folders that all begin with. */
export function namesOfFolders(dirs: readonly string[]): string[] {
  const parts = dirs.map((dir) => dir.split(path.sep));
  const most = Math.min(...parts.map(({ length }) => length)) - 1;
  let shared = 0;
  while (shared < most && parts.every((one) => one[shared] === parts[0]![shared])) shared += 1;
  return parts.map((one) => one.slice(shared).join('/'));
}
