import { UserError } from '../../artifacts/user-error.js';

/** A file or folder of the user, put in the place of a template's input. */
export interface Found {
  /** The entry under `inputs`, as it is written. */
  readonly entry: Readonly<Record<string, unknown>>;
  /** What was found, in words: a comment above the entry, and a line on the terminal. */
  readonly words: readonly string[];
  /** How long it lasts in s, where that is known. */
  readonly seconds?: number;
  /** Parameters of the study that follow from it, where the template has them. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Where paths are read and written. */
export interface Places {
  /** Folder in which the user's relative paths start. */
  readonly from: string;
  /** Folder of the workflow file. */
  readonly to: string;
}

/** Settles what files leave open (two tasks): the user, where there is one to ask, else the first choice. */
export type Choose = (what: string, choices: readonly string[]) => Promise<string>;

/** What a user named on the command line is said with its place there, since there is no line of a file to point to. */
export function atFlag(error: unknown, flag: string): unknown {
  if (!(error instanceof UserError)) return error;
  const problems = error.problems.map(({ keys: _, ...problem }) => ({
    ...problem,
    message: problem.place ? problem.message : `--${flag}: ${problem.message}`,
  }));
  return new UserError(problems, { cause: error });
}
