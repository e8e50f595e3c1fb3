import { writeAligned } from '../../artifacts/aligned.js';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { readBold } from '../../artifacts/bold.js';
import { readEvents } from '../../artifacts/events.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { readSeries, type SeriesData } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';
import { few } from '../../engine/reason-text.js';
import { many, type StepContext } from '../../engine/step-type.js';
import type { AlignParams } from './index.js';
import { placed, type Scan, type Wanted } from './placing.js';
import { type Showing, showingsOf, wordsOf } from './showings.js';

type Context = StepContext<AlignParams>;

export async function run(context: Context): Promise<Record<string, Produced>> {
  const { params, inputs, note, workDir } = context;
  const wired = many(inputs, 'series');
  const names = namesOf(wired, params);
  const scan = await scanOf(context);
  const showings = await showingsIn(context, names);
  const used = [...new Set(showings.map(({ series }) => series))].sort((a, b) => a - b);
  const series = await Promise.all(used.map((index) => readSeries(wired[index]!)));
  series.forEach((other, at) => {
    requireAlike(series[0]!, other, wired[used[0]!]!.origin, wired[used[at]!]!.origin);
  });
  const firsts = series.map((_, at) => series.slice(0, at).reduce((sum, { samples }) => sum + samples, 0));
  const wanted = showings.map(({ series: index, event }): Wanted => {
    const at = used.indexOf(index);
    const { onset, duration, start, place } = event;
    const movie = names[index] ?? null;
    const called = movie ?? wired[index]!.origin;
    return { movie, onset, duration, start, place, series: called, first: firsts[at]!, samples: series[at]!.samples };
  });
  const { interval, kernels, statistic } = series[0]!;
  const data = {
    values: joined(series),
    samples: series.reduce((sum, { samples }) => sum + samples, 0),
    kernels,
    interval,
    ...(statistic !== undefined && { statistic }),
    ...untrainedOf(...series),
    tr: scan.tr,
    volumes: scan.volumes,
    parts: placed(wanted, interval, scan, params, note),
  };
  return { aligned: await writeAligned(workDir, data) };
}

function namesOf(wired: readonly Artifact[], { names }: AlignParams): (string | undefined)[] {
  if (!names) return wired.map(({ label }) => label);
  if (names.length === wired.length) return [...names];
  throw new UserError({
    message: `${names.length} names for ${wired.length} series`,
    expected: 'a name for each',
    keys: ['names'],
  });
}

async function scanOf({ inputs, params: { tr, volumes } }: Context): Promise<Scan> {
  const wired = inputs.bold as Artifact | undefined;
  if (!wired) {
    if (tr !== undefined && volumes !== undefined) return { tr, volumes, origin: 'the scan' };
    throw new UserError({
      message: 'nothing says how long the scan is',
      expected: '`bold` under `in`, or "tr" and "volumes"',
    });
  }
  if (volumes !== undefined) {
    throw new UserError({
      message: `"volumes" is given, and ${wired.origin} is wired`,
      expected: 'one of them',
      keys: ['volumes'],
    });
  }
  const bold = await readBold(wired);
  return { tr: bold.tr, volumes: bold.header.volumes, origin: wired.origin };
}

async function showingsIn(
  { inputs, params, note }: Context,
  names: readonly (string | undefined)[],
): Promise<Showing[]> {
  const events = inputs.events as Artifact | undefined;
  const { onset, event } = params;
  if (!events) {
    if (onset !== undefined && names.length === 1) {
      return [{ series: 0, event: { onset, duration: null, start: 0, names: {}, place: '"onset"' } }];
    }
    throw new UserError({
      message:
        onset === undefined
          ? 'nothing says when the movie was shown'
          : `"onset" is for one series, and ${names.length} are wired`,
      expected:
        onset === undefined ? '`events` under `in`, or "onset" in s' : '`events`, which say when each was shown',
      ...(onset === undefined
        ? { hint: 'A bids input takes "events": the folder of the raw dataset, or rows like { run: 1, onset: 10.5 }.' }
        : { keys: ['onset'] }),
    });
  }
  if (onset !== undefined) {
    throw new UserError({
      message: `"onset" is ${onset} s, and events are wired (${events.origin})`,
      expected: 'one of them',
      keys: ['onset'],
    });
  }
  const { showings, others } = showingsOf(await readEvents(events), names, event, events.origin);
  if (others.length > 0) {
    const rows =
      others.length === 1 ? '1 other row of the events plays' : `${others.length} other rows of the events play`;
    note(`${rows} no part: ${few(wordsOf(others))}`);
  }
  return showings;
}

/** The same kernels at the same interval; UserError naming both of what differs. */
function requireAlike(first: SeriesData, other: SeriesData, firstName: string, otherName: string): void {
  if (other.interval !== first.interval) {
    throw new UserError({
      message: `${firstName} has a sample every ${first.interval} s, ${otherName} every ${other.interval} s`,
      expected: 'the same interval for all movies',
    });
  }
  const odd = other.kernels.find(({ name }, index) => name !== first.kernels[index]?.name);
  if (odd === undefined && other.kernels.length === first.kernels.length) return;
  throw new UserError({
    message: `${firstName} and ${otherName} have other kernels: ${first.kernels.length} and ${other.kernels.length}${odd ? `, the first that differs is ${odd.name}` : ''}`,
    expected: 'the same kernels in the same order for all movies',
  });
}

function joined(series: readonly SeriesData[]): Float64Array {
  const out = new Float64Array(series.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const { values } of series) {
    out.set(values, at);
    at += values.length;
  }
  return out;
}
