import path from 'node:path';

/** Folder for a study of several files; no output can be called so, because of the dot. */
export const STUDY_FILES = 'workflow.files';

/**
 * Where the files of a study lie in a copy of it, relative to the copy and with `/`. One file has its own name. Several
 * lie to each other as they do now, below a folder, so that the copy finds what it includes and extends by relative paths.
 * A folder that no file names (where the user happens to keep the study) is nobody's business and becomes `_`.
 * @param files absolute paths, the study first
 * @param named the paths by which the files name each other, as written
 */
export function copyNames(files: readonly string[], named: readonly string[]): string[] {
  if (files.length === 1) return [path.basename(files[0]!)];
  const parts = files.map((file) => file.split(path.sep));
  const deepest = Math.min(...parts.map(({ length }) => length - 1));
  let common = 0;
  while (common < deepest && parts.every((one) => one[common] === parts[0]![common])) common += 1;
  const known = new Set(named.flatMap((name) => name.split(/[/\\]/)));
  let unnamed = '_';
  while (known.has(unnamed)) unnamed += '_';
  return parts.map((one) => {
    const folders = one.slice(common, -1).map((folder) => (known.has(folder) ? folder : unnamed));
    return [STUDY_FILES, ...folders, one.at(-1)].join('/');
  });
}
