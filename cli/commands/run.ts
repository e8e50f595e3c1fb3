import { loadWorkflow, run, UserError } from '../../index.js';
import { exitCode } from '../exit-code.js';
import { complainOf } from '../failure.js';
import { interruptible } from '../interrupt.js';
import type { CacheOptions } from '../program.js';
import { runReport } from '../run-report.js';
import { print } from '../streams.js';
import { showRun } from '../terminal/show-run.js';

export interface RunCommandOptions extends CacheOptions {
  readonly json?: boolean;
  readonly jobs?: number;
  readonly keepGoing?: boolean;
  readonly results?: string;
}

/** Runs a study and shows how it goes. */
export async function runCommand(file: string, options: RunCommandOptions): Promise<number> {
  const { experiment, set = [], cache, jobs, keepGoing, results } = options;
  const interrupt = interruptible();
  const shown = showRun({ json: options.json ?? false });
  const report = runReport();
  try {
    const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
    const result = await run(workflow, {
      ...(cache === undefined ? {} : { cache }),
      ...(jobs === undefined ? {} : { jobs }),
      ...(keepGoing === undefined ? {} : { keepGoing }),
      ...(results === undefined ? {} : { results }),
      signal: interrupt.signal,
      onEvent(event) {
        shown.event(event);
        report.event(event);
      },
    });
    shown.end();
    if (result.interrupted) return exitCode.interrupted;
    const written = await writtenReport(report.write(workflow, result), result.ok);
    if (written.page !== undefined && !options.json) print(`Report:  ${written.page}`);
    return result.ok && written.ok ? exitCode.ok : exitCode.failed;
  } finally {
    shown.close();
    interrupt.end();
  }
}

/** A page that cannot be written is told of, unless the run has failed already, most likely for the same reason. */
async function writtenReport(
  writing: Promise<string | undefined>,
  tell: boolean,
): Promise<{ readonly ok: boolean; readonly page?: string }> {
  try {
    const page = await writing;
    return { ok: true, ...(page === undefined ? {} : { page }) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (tell) complainOf(error.problems);
    return { ok: false };
  }
}
