import { loadWorkflow, run } from '../../index.js';
import { exitCode } from '../exit-code.js';
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
  const { experiment, set, cache, jobs, keepGoing, results } = options;
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
    const page = await report.write(workflow, result);
    if (page !== undefined && !options.json) print(`Report:  ${page}`);
    if (result.interrupted) return exitCode.interrupted;
    return result.ok ? exitCode.ok : exitCode.failed;
  } finally {
    shown.close();
    interrupt.end();
  }
}
