import { type Problem, UserError } from '../artifacts/user-error.js';

/** How to use another folder. */
const ANOTHER = {
  'the cache folder': '--cache DIR or VOXREEL_CACHE',
  'the results folder': '--results DIR',
} as const;

/**
 * Turns what the file system says about a folder that must be written (the cache, the results) into a UserError that
 * names the folder and what to do. Any other error comes back as it is.
 */
export function folderError(error: unknown, dir: string, what: keyof typeof ANOTHER): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const problem = code === undefined ? undefined : describe(code, dir, what);
  return problem ? new UserError(problem, { cause: error }) : error;
}

function describe(code: string, dir: string, what: keyof typeof ANOTHER): Problem | undefined {
  const place = { file: dir };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        message: code === 'ENOSPC' ? `the disk of ${what} is full` : `the disk quota of ${what} is used up`,
        place,
        hint: `Free some space or put it on another disk (${ANOTHER[what]}); what was finished is kept, and the next run goes on from there.`,
      };
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return {
        message: `${what} cannot be written (${code === 'EROFS' ? 'read-only file system' : 'no permission'})`,
        place,
        hint: `Give yourself write permission there or use another folder (${ANOTHER[what]}).`,
      };
    case 'ENOTDIR':
    case 'EEXIST':
      return {
        message: `${what} cannot be made: a file is in its place`,
        place,
        expected: 'a folder, or nothing yet',
        hint: `Remove that file or use another folder (${ANOTHER[what]}).`,
      };
    default:
      return undefined;
  }
}
