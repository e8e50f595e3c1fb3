import { type Problem, UserError } from '../artifacts/user-error.js';
import { formatProblem } from '../engine/spec/code-frame.js';
import { exitCode } from './exit-code.js';
import { complain } from './streams.js';
import { wantsColour } from './terminal/colour.js';

/** Shows what was thrown on standard error and returns the exit code that goes with it. */
export function reportFailure(error: unknown): number {
  if (error instanceof UserError) {
    complainOf(error.problems);
    return exitCode.usage;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  complain('This is a fault of voxreel itself, not of your files:', text);
  return exitCode.failed;
}

/** Each problem with its place and the lines around it, and how many there are. */
export function complainOf(problems: readonly Problem[]): void {
  const color = wantsColour(process.stderr);
  complain(problems.map((problem) => formatProblem(problem, { color })).join('\n\n'));
  if (problems.length > 1) complain('', `${problems.length} problems.`);
}
