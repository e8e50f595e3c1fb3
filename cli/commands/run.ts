import { loadExperiments, loadWorkflow, type RunOptions, run, runAll, UserError } from '../../index.js';
import { exitCode } from '../exit-code.js';
import { complainOf, reportFailure } from '../failure.js';
import { interruptible } from '../interrupt.js';
import { type RemoteFlags, remoteOf } from '../remote-options.js';
import { runReport } from '../run-report.js';
import { isPartial, type SelectOptions, selectionOf } from '../select-options.js';
import { complain, print } from '../streams.js';
import type { CacheOptions } from '../study-options.js';
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
  readonly watch?: boolean;
  readonly allExperiments?: boolean;
}

/** Runs a study and shows how it goes; with `watch` again and again. */
export async function runCommand(file: string, options: RunCommandOptions): Promise<number> {
  const interrupt = interruptible();
  const { signal } = interrupt;
  try {
    if (options.allExperiments) return await runEvery(file, options, signal);
    if (!options.watch) return await runOnce(file, options, signal);
    const { experiment, set = [] } = options;
    const { registry } = await import('../../steps/registry.js');
    const load = { registry, set, ...(experiment === undefined ? {} : { experiment }) };
    const { watch } = await import('../watch.js');
    // A mistake in the file ends a run, not the watching.
    const attempt = async () => void (await runOnce(file, options, signal).catch(reportFailure));
    await watch(file, load, attempt, complain, signal);
    return exitCode.interrupted;
  } finally {
    interrupt.end();
  }
}

async function runOnce(file: string, options: RunCommandOptions, signal: AbortSignal): Promise<number> {
  const { experiment, set = [], json = false, explain = false, keepGoing } = options;
  const how = howOf(options, signal);
  const shown = showRun({ json, explain });
  const report = runReport();
  try {
    const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
    const result = await run(workflow, {
      ...how,
      ...(keepGoing === undefined ? {} : { keepGoing }),
      onEvent(event) {
        shown.event(event);
        report.event(event);
      },
    });
    shown.end();
    if (result.interrupted) return exitCode.interrupted;
    const written = await writtenReport(report.write(workflow, result, { partial: isPartial(options) }), result.ok);
    if (written.page !== undefined && !json) print(`Report:  ${written.page}`);
    return result.ok && written.ok ? exitCode.ok : exitCode.failed;
  } finally {
    shown.close();
  }
}

/** Runs every experiment of the file, as one run. */
async function runEvery(file: string, options: RunCommandOptions, signal: AbortSignal): Promise<number> {
  const { set = [], json = false, explain = false } = options;
  const how = howOf(options, signal);
  const shown = showRun({ json, explain });
  try {
    const workflows = await loadExperiments(file, { set });
    const reports = new Map(workflows.map(({ experiment }) => [experiment, runReport()]));
    const result = await runAll(workflows, {
      ...how,
      onEvent: (event) => shown.event(event),
      onExperiment: (experiment, event) => reports.get(experiment)!.event(event),
    });
    shown.end();
    if (result.interrupted) return exitCode.interrupted;
    let ok = result.ok;
    for (const [index, workflow] of workflows.entries()) {
      const own = result.experiments[index]!;
      const report = reports.get(workflow.experiment)!;
      const written = await writtenReport(report.write(workflow, own, { partial: isPartial(options) }), own.ok);
      ok &&= written.ok;
    }
    return ok ? exitCode.ok : exitCode.failed;
  } finally {
    shown.close();
  }
}

/** What both kinds of run are told. */
function howOf(options: RunCommandOptions, signal: AbortSignal): RunOptions {
  const { cache, jobs, cores, memory, results, json, explain } = options;
  const remote = remoteOf(options);
  const paint = colours(wantsColour(process.stdout));
  return {
    ...(cache === undefined ? {} : { cache }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(cores === undefined ? {} : { cores }),
    ...(memory === undefined ? {} : { memoryMB: memory }),
    ...(results === undefined ? {} : { results }),
    ...(remote ? { remote } : {}),
    ...(explain && !json ? { onPlan: (made) => print(...planLines(made, paint), '') } : {}),
    select: selectionOf(options),
    signal,
  };
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
