import path from 'node:path';
import { loadWorkflow, run } from '../../index.js';
import { makeStudy } from '../demo/make-study.js';
import { exitCode } from '../exit-code.js';
import { interruptible } from '../interrupt.js';
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
  try {
    const made = await makeStudy(dir, part.update, interrupt.signal);
    part.close();
    print(made ? `The study is in ${dir}` : `The study is in ${dir} already; nothing to draw or simulate.`, '');
    const workflow = await loadWorkflow(file);
    const result = await run(workflow, {
      signal: interrupt.signal,
      onEvent: shown.event,
      ...(jobs === undefined ? {} : { jobs }),
    });
    shown.end();
    if (result.interrupted) return exitCode.interrupted;
    if (!result.ok) return exitCode.failed;
    const significant = result.outputs.get('significant')?.[0];
    if (significant?.type === 'thresholded') await showRecovery(dir, significant, workflow.params);
    print('', ...whatNext(path.relative('', file) || file));
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

async function showRecovery(
  dir: string,
  significant: Parameters<typeof import('../demo/measure-recovery.js').measureRecovery>[1],
  params: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { measureRecovery } = await import('../demo/measure-recovery.js');
  const { recoveryTable } = await import('../demo/recovery-table.js');
  // Smoothing carries a response about this far; with little smoothing one or two voxels remain.
  const margin = Math.max(10, Number(params.fwhm ?? 0));
  print('', ...recoveryTable(await measureRecovery(dir, significant, margin), Number(params.p ?? Number.NaN), margin));
}

function whatNext(file: string): string[] {
  return [
    'The network has random weights, so these maps say something about the method and nothing about brains.',
    '',
    'What to try next:',
    `  open ${file}, change hrf: spm to hrf: glover, and run "voxreel demo" again (or: voxreel run ${file})`,
    `  voxreel plan ${file} --set fwhm=4     what would run with less smoothing, and why`,
    `  voxreel graph ${file} --format svg --out study.svg`,
  ];
}
