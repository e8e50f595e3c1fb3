/** Where in a user's file a problem is. Lines and columns are 1-based. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Length of the marked text on that line, for the code frame. */
  readonly length?: number;
  /** What inside the file: a header field (`dim[4]`), a column (`trans_x`), a tensor name. */
  readonly what?: string;
}

export interface Problem {
  /** What is wrong, in one sentence. Names the values that were found. */
  readonly message: string;
  readonly place?: Place;
  /** What was expected instead. */
  readonly expected?: string;
  /** The next thing to do. */
  readonly hint?: string;
  /**
   * Keys inside the part of the workflow file that the code was given (an entry of `inputs`, the `with` of a
   * step). The engine turns them into a `place`; code below the engine knows no line numbers.
   */
  readonly keys?: readonly (string | number)[];
}

/**
 * An error that the user can mend. Everything else that is thrown is a bug and keeps its stack.
 * Carries one or several problems: all errors of a file are reported in one go.
 */
export class UserError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[], options?: { cause?: unknown }) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(list.map(describeProblem).join('\n'), options);
    this.name = 'UserError';
    this.problems = list;
  }
}

/** One problem as plain text: place, message, what was expected, what to do. */
export function describeProblem(problem: Problem): string {
  const { place, message, expected, hint } = problem;
  const where = place ? `${formatPlace(place)}: ` : '';
  const more = [expected && `expected: ${expected}`, hint].filter(Boolean).map((line) => `\n  ${line}`);
  return `${where}${message}${more.join('')}`;
}

export function formatPlace(place: Place): string {
  const position =
    place.line === undefined ? '' : `:${place.line}${place.column === undefined ? '' : `:${place.column}`}`;
  return `${place.file}${position}${place.what ? ` (${place.what})` : ''}`;
}
