import path from 'node:path';
import type { EventRow } from '../../artifacts/events.js';
import { UserError } from '../../artifacts/user-error.js';
import { few } from '../../engine/reason-text.js';

/** Which of the wired series a row of events shows. */
export interface Showing {
  /** Index of the series. */
  readonly series: number;
  readonly event: EventRow;
}

/**
 * The rows of a table of events that show a movie. `names` are those of the series, undefined where one has none; `event`
 * is the user's own word for the rows of a single series. Throws UserError where it cannot be told.
 */
export function showingsOf(
  events: readonly EventRow[],
  names: readonly (string | undefined)[],
  event: string | undefined,
  origin: string,
): { showings: Showing[]; others: readonly EventRow[] } {
  const of = (series: number, fits: (event: EventRow) => boolean): Showing[] =>
    events.filter(fits).map((row) => ({ series, event: row }));
  const sorted = (showings: Showing[]) => ({
    showings,
    others: events.filter((row) => !showings.some((showing) => showing.event === row)),
  });
  if (event !== undefined) {
    if (names.length > 1) {
      throw new UserError({
        message: `"event" is ${event}, but ${names.length} series are wired`,
        expected: 'one series, or no "event": series of a collection are found by their names',
        keys: ['event'],
      });
    }
    const showings = of(0, (row) => shows(row, event));
    if (showings.length === 0) throw nothing(`no row of ${origin} is called ${event}`, events, ['event']);
    return sorted(showings);
  }
  const unnamed = names.indexOf(undefined);
  if (names.length > 1 && unnamed >= 0) {
    throw new UserError({
      message: `${names.length} series are wired, and number ${unnamed + 1} has no name to find it by in ${origin}`,
      expected: '"names: [part1, part2]", in the order of the wires, or series of a collection (`type: videos`)',
    });
  }
  const named = names.flatMap((name, series) => (name === undefined ? [] : of(series, (row) => shows(row, name))));
  if (named.length > 0) return sorted(named);
  if (names.length === 1 && events.length === 1) return sorted(of(0, () => true));
  const wanted = names.filter((name) => name !== undefined);
  throw nothing(
    wanted.length > 0
      ? `no row of ${origin} names one of the movies ${few(wanted)}`
      : `${origin} has ${events.length} rows, and nothing says which of them show the movie`,
    events,
    [],
  );
}

function shows({ names }: EventRow, name: string): boolean {
  return Object.values(names).some((text) => text === name || stem(text) === name);
}

function stem(text: string): string {
  return path.posix.parse(text.replaceAll('\\', '/')).name;
}

/** What rows say that they show, each once. */
export function wordsOf(events: readonly EventRow[]): string[] {
  return [...new Set(events.map(({ names }) => Object.values(names)[0] ?? 'n/a'))];
}

function nothing(message: string, events: readonly EventRow[], keys: readonly string[]): UserError {
  return new UserError({
    message,
    keys,
    expected:
      events.length > 0 ? `one of the names that it has: ${few(wordsOf(events))}` : 'a table with at least one row',
    hint: 'A single series: "event: NAME". Several: movies of a collection with the names of the table.',
  });
}
