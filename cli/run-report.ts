import { access } from 'node:fs/promises';
import path from 'node:path';
import { folderError } from '../cache/folder-error.js';
import type { RunEvent } from '../engine/events.js';
import type { RunResult, Workflow } from '../index.js';
import type { ReportTable } from '../report/tables-section.js';

/** Collects what a run says, and makes the report of it when it is over. */
export function runReport(): {
  event(event: RunEvent): void;
  /**
   * Writes `report.html` beside the results and returns its path. The report of a run that did nothing would say less
   * than the one that is there, and that of a run of a part (`partial`) that published nothing would say something about
   * other results: then the one that is there stays. Undefined for an interrupted run, and where nothing was ever published.
   * @throws UserError when the folder cannot be written (a full disk, no permission).
   */
  write(
    workflow: Workflow,
    result: RunResult,
    more?: { readonly tables?: readonly ReportTable[]; readonly partial?: boolean },
  ): Promise<string | undefined>;
} {
  const events: RunEvent[] = [];
  return {
    event(event) {
      if (event.type !== 'progress') events.push(event);
    },
    async write(workflow, result, { tables, partial = false } = {}) {
      if (result.interrupted) return undefined;
      const file = path.join(result.resultsDir, 'report.html');
      const changed = events.some((event) => event.type === 'published' && event.written > 0);
      const saysLess = partial || (result.ran === 0 && result.failed === 0);
      if (saysLess && !changed && (await exists(file))) return file;
      if (!(await exists(result.resultsDir))) return undefined;
      const { writeReport } = await import('../report/page.js');
      try {
        return await writeReport(result.resultsDir, { workflow, events, ...(tables ? { tables } : {}) });
      } catch (error) {
        throw folderError(error, result.resultsDir, 'the results folder');
      }
    },
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
