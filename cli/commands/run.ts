import { loadWorkflow, run, UserError } from '../../index.js';
import { exitCode } from '../exit-code.js';
import { complainOf } from '../failure.js';
import { interruptible } from '../interrupt.js';
import type { CacheOptions } from '../program.js';
import { type RemoteFlags, remoteOf } from '../remote-options.js';
import { runReport } from '../run-report.js';
import { type SelectOptions, selectionOf } from '../select-options.js';
import { print } from '../streams.js';
import { colours, wantsColour } from '../terminal/colour.js';
import { planLines } from '../terminal/plan-lines.js';
import { showRun } from '../terminal/show-run.js';

export interface RunCommandOptions extends CacheOptions, SelectOptions, RemoteFlags {
  readonly json?: boolean;
  readonly jobs?: number;
  readonly keepGoing?: boolean;
  readonly results?: string;
  readonly cores?: number;
  readonly memory?: number;
  readonly explain?: boolean;
}

/** Runs a study and shows how it goes. */
export async function runCommand(file: string, options: RunCommandOptions): Promise<number> {
  const {
    experiment,
    set = [],
    cache,
    jobs,
    cores,
    memory,
    keepGoing,
    results,
    json = false,
    explain = false,
  } = options;
  const remote = remoteOf(options);
  const interrupt = interruptible();
  const shown = showRun({ json, explain });
  const report = runReport();
  try {
    const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
    const result = await run(workflow, {
      ...(cache === undefined ? {} : { cache }),
      ...(jobs === undefined ? {} : { jobs }),
      ...(cores === undefined ? {} : { cores }),
      ...(memory === undefined ? {} : { memoryMB: memory }),
      ...(keepGoing === undefined ? {} : { keepGoing }),
      ...(results === undefined ? {} : { results }),
      select: selectionOf(options),
      ...(remote ? { remote } : {}),
      signal: interrupt.signal,
      ...(explain && !json
        ? { onPlan: (made) => print(...planLines(made, colours(wantsColour(process.stdout))), '') }
        : {}),
      onEvent(event) {
        shown.event(event);
        report.event(event);
      },
    });
    shown.end();
    if (result.interrupted) return exitCode.interrupted;
    const written = await writtenReport(report.write(workflow, result), result.ok);
    if (written.page !== undefined && !json) print(`Report:  ${written.page}`);
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
