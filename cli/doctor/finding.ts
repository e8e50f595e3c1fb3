import type { JsonObject } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';

/** What `voxreel doctor` has to say about one thing. */
export interface Finding {
  readonly subject: string;
  /** A `problem` would stop a run, or a step that needs this; a `warning` costs time, room or safety. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly facts: JsonObject;
}

/** Runs a check whose errors are findings too. */
export async function finding(subject: string, check: () => Promise<Omit<Finding, 'subject'>>): Promise<Finding> {
  try {
    return { subject, ...(await check()) };
  } catch (error) {
    return { subject, state: 'problem', ...told(error), facts: {} };
  }
}

function told(error: unknown): Pick<Finding, 'found' | 'hint'> {
  if (!(error instanceof UserError)) return { found: error instanceof Error ? error.message : String(error) };
  const { message, place, expected, hint } = error.problems[0]!;
  const wanted = expected === undefined ? [] : [`Expected: ${expected}.`];
  const advice = [...wanted, ...(hint === undefined ? [] : [hint])].join(' ');
  return { found: place ? `${message}: ${place.file}` : message, ...(advice === '' ? {} : { hint: advice }) };
}
