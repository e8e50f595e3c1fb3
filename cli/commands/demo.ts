import path from 'node:path';
import { loadWorkflow, run, type Workflow } from '../../index.js';
import { cachedOutput } from '../demo/cached-output.js';
import { makeStudy } from '../demo/make-study.js';
import { measureRecovery } from '../demo/measure-recovery.js';
import type { Recovery } from '../demo/recovery.js';
import { type Analysis, recoveryForReport, recoveryTable } from '../demo/recovery-table.js';
import { exitCode } from '../exit-code.js';
import { interruptible } from '../interrupt.js';
import { runReport } from '../run-report.js';
import { print } from '../streams.js';
import { showPart } from '../terminal/show-part.js';
import { showRun } from '../terminal/show-run.js';

/** Makes the demo study, runs it, and compares what was found with what was planted. */
export async function demoCommand({ dir: folder, jobs }: { dir: string; jobs?: number }): Promise<number> {
  const dir = path.resolve(folder);
  const file = path.join(dir, 'study.yaml');
  const interrupt = interruptible();
  const part = showPart();
  const shown = showRun({ json: false });
  const report = runReport();
  try {
    const made = await makeStudy(dir, part.update, interrupt.signal);
    part.close();
    print(made ? `The study is in ${dir}` : `The study is in ${dir} already; nothing to draw or simulate.`, '');
    const workflow = await loadWorkflow(file);
    const result = await run(workflow, {
      signal: interrupt.signal,
      onEvent(event) {
        shown.event(event);
        report.event(event);
      },
      ...(jobs === undefined ? {} : { jobs }),
    });
    shown.end();
    if (result.interrupted) return exitCode.interrupted;
    if (!result.ok) return exitCode.failed;
    const found = await recoveryOf(dir, workflow);
    if (found) print('', ...recoveryTable(found.recovery, found.analysis));
    const page = await report.write(
      workflow,
      result,
      found && { tables: [recoveryForReport(found.recovery, found.analysis)] },
    );
    print('', `Report: ${page}`, '', ...whatNext(path.relative('', file) || file));
    return exitCode.ok;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    part.close();
    shown.close();
    interrupt.end();
  }
}

/** Planted against recovered, as long as the study still has its step `significant`. */
async function recoveryOf(
  dir: string,
  workflow: Workflow,
): Promise<{ recovery: Recovery; analysis: Analysis } | undefined> {
  const significant = await cachedOutput(workflow, 'significant');
  if (significant?.type !== 'thresholded') return undefined;
  const { fwhm = 0, p = Number.NaN, extent = 1 } = workflow.params;
  // Smoothing carries a response about this far; with little smoothing two voxels remain.
  const margin = Math.max(12, Number(fwhm));
  const recovery = await measureRecovery(dir, significant, margin);
  return { recovery, analysis: { p: Number(p), extent: Number(extent), margin } };
}

function whatNext(file: string): string[] {
  return [
    'The network has random weights, so these maps say something about the method and nothing about brains.',
    '',
    'What to try next:',
    `  open ${file}, change hrf: spm to hrf: glover, and run "npm run demo" again (or: npx voxreel run ${file})`,
    `  npx voxreel plan ${file} --set fwhm=4      what would run with less smoothing, and why`,
    `  npx voxreel run ${file} --set extent=5     leave out small clusters`,
    `  npx voxreel graph ${file} --format svg --out study.svg`,
  ];
}
