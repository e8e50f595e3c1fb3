import { UserError } from '../artifacts/user-error.js';
import { few } from '../engine/reason-text.js';
import type { PastRun } from '../engine/run-record.js';

/** The run of that name or of the only name that starts so; without a name the last one. @throws UserError */
export function runNamed(runs: readonly PastRun[], id: string | undefined): PastRun {
  const found = id === undefined ? runs.slice(0, 1) : runs.filter((run) => run.id.startsWith(id));
  if (found.length === 1) return found[0]!;
  const last = few(runs.map((run) => run.id));
  throw new UserError({
    message:
      id === undefined
        ? 'no run yet'
        : found.length === 0
          ? `there is no run \`${id}\``
          : `\`${id}\` fits ${found.length} runs`,
    ...(last ? { expected: `the start of one: ${last}` } : {}),
    hint: '`voxreel log` lists the runs.',
  });
}
