import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { readFrames } from '../../artifacts/frames.js';
import { fileOf } from '../../artifacts/meta.js';
import { writeSeries } from '../../artifacts/series.js';
import { numericColumn, readTable, textColumn } from '../../artifacts/table.js';
import { UserError } from '../../artifacts/user-error.js';
import { few } from '../../engine/reason-text.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { windowsWanted } from '../audio/windows-wanted.js';
import type { AnnotationsParams } from './index.js';
import { type Annotation, onsets, presence, sums } from './measures.js';

type Context = StepContext<AnnotationsParams>;

export async function run(context: Context): Promise<Record<string, Produced>> {
  const { inputs, params, note, workDir } = context;
  const frames = inputs.frames as Artifact | undefined;
  const { window, count } = windowsWanted(frames && (await readFrames(frames)), frames?.origin, params);
  if (count === undefined) {
    throw new UserError({
      message: 'nothing says how long the movie is',
      expected: '`frames` under `in`, or "duration" in s',
    });
  }
  const lines = await annotationsOf(one(inputs, 'table'), context);
  const windows = { count, window };
  const outside = lines.filter(({ onset, duration }) => onset + duration < 0 || onset >= count * window).length;
  if (outside > 0) note(`${outside} of ${lines.length} lines lie before the first window or after the last`);
  const there = [...new Set(lines.map(({ label }) => label))];
  const labels = params.labels ?? there;
  const missing = labels.filter((label) => !there.includes(label));
  if (labels.length === 0 || missing.length === labels.length) {
    throw new UserError({
      message: labels.length === 0 ? 'the table has no labels' : `the table has none of the labels ${few(missing)}`,
      place: { file: one(inputs, 'table').origin, what: params.label },
      expected: there.length > 0 ? `labels such as ${few(there)}` : 'at least one line',
      ...(params.labels && { keys: ['labels'] }),
    });
  }
  if (missing.length > 0) note(`never in the table, so 0 throughout: ${few(missing)}`);
  const measure = { presence, sum: sums, onsets }[params.measure];
  const columns = labels.map((label) =>
    measure(
      lines.filter((line) => line.label === label),
      windows,
    ),
  );
  const values = Float64Array.from({ length: count * labels.length }, (_, i) => {
    return columns[i % labels.length]![Math.floor(i / labels.length)]!;
  });
  const kernels = labels.map((name, n) => ({ name, layer: 'annotations', kernel: n + 1 }));
  return { series: await writeSeries(workDir, { values, samples: count, kernels, interval: window }) };
}

/** The lines with a label, on the time axis of the windows. */
async function annotationsOf(source: Artifact, { params, note }: Context): Promise<(Annotation & { label: string })[]> {
  const { start } = params;
  if (Object.keys(source.files).length === 0) {
    throw new UserError({ message: `${source.origin} is no table`, expected: 'a table of annotations (.tsv)' });
  }
  const file = fileOf(source, source.type === 'events' ? 'events.tsv' : 'table.tsv');
  const table = await readTable(file);
  const onset = numericColumn(table, 'onset', file);
  const duration = numericColumn(table, 'duration', file);
  const labels = textColumn(table, params.label, file);
  const values = params.value === undefined ? null : numericColumn(table, params.value, file);
  const lines = labels.flatMap((label, row) => {
    if (label === '' || label === 'n/a') return [];
    const value = values?.[row] ?? 1;
    const counts = duration[row]! > 0 && (params.labels?.includes(label) ?? true);
    const wrong = Number.isNaN(onset[row])
      ? 'onset'
      : duration[row]! < 0
        ? 'duration'
        : counts && Number.isNaN(value)
          ? params.value!
          : null;
    if (wrong) {
      throw new UserError({
        message: wrong === 'duration' ? 'a duration below 0' : `a line without ${wrong}`,
        place: { file: source.origin, line: row + 2, what: wrong },
        expected: 'a number',
      });
    }
    return [{ label, onset: onset[row]! - start, duration: Number.isNaN(duration[row]) ? 0 : duration[row]!, value }];
  });
  if (lines.length < labels.length)
    note(`${labels.length - lines.length} of ${labels.length} lines have no label; left out`);
  return lines;
}
