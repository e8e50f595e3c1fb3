import path from 'node:path';
import { openRunLog } from '../../cache/run-log.js';
import { openStore } from '../../cache/store.js';
import { reasonTexts, timeText } from '../../engine/reason-text.js';
import { detailsOf, pastRuns } from '../../engine/run-record.js';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { runNamed } from '../run-named.js';
import { print } from '../streams.js';
import { outcome, parameter } from '../terminal/run-text.js';
import { columns, duration } from '../terminal/text.js';
import type { LogOptions } from './log.js';

/** Shows one run: what was asked, what ran and why, what failed, the digests of the outputs. */
export async function showCommand(id: string | undefined, options: LogOptions): Promise<number> {
  const log = openRunLog(await openStore(await existingCache(options.cache)));
  const run = runNamed(pastRuns(log), id);
  const details = detailsOf(log, run.id);
  if (options.json) {
    print(JSON.stringify({ ...run, ...details, results: log.keys(run) }));
    return exitCode.ok;
  }
  const { facts } = run;
  const { totals } = facts;
  print(
    ...columns([
      ['run', run.id],
      ['when', `${timeText(run.started)}${totals ? `, ${duration(totals.seconds)}` : ''}`],
      ['study', `${facts.workflow}, experiment ${facts.experiment} (${facts.file})`],
      ['parameters', Object.entries(facts.params).map(parameter).join(', ') || 'none'],
      ...(facts.set ?? []).map((one) => ['--set', one]),
      ...Object.entries(facts.selection).map(([option, names]) => [`--${option}`, (names as string[]).join(', ')]),
      ['where', `${facts.host}, voxreel ${facts.voxreel}`],
      ['outcome', totals ? `${outcome(run)}${totals.cached ? `, ${totals.cached} cached` : ''}` : outcome(run)],
    ]),
  );
  const baseDir = path.dirname(facts.file);
  if (details.ran.length > 0) {
    const rows = details.ran.map(({ instance, seconds, reasons }) => [
      `  ${instance}`,
      duration(seconds),
      reasonTexts(reasons, baseDir).join('; '),
    ]);
    print('', 'ran', ...columns(rows));
  }
  if (details.failed.length > 0) {
    print('', 'failed', ...columns(details.failed.map(({ instance, message }) => [`  ${instance}`, message])));
  }
  if (details.outputs.length > 0) {
    const rows = details.outputs.map(({ output, label, digest }) => [`  ${output}`, label ?? '', digest.slice(0, 16)]);
    print('', 'outputs, with the digest of each', ...columns(rows));
  }
  return exitCode.ok;
}
