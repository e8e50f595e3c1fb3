import type { Artifact, ArtifactType, JsonObject } from './artifact.js';
import { fileInput } from './input-file.js';
import { fileOf } from './meta.js';
import { numericColumn, readTable, textColumn } from './table.js';
import { UserError } from './user-error.js';

/** Columns that may say what was shown, in the order in which they are asked. */
export const nameColumns = ['movie', 'stim_file', 'trial_type'] as const;

/** Something that was shown in a scan. */
export interface EventRow {
  /** s after the first volume of the image began; below 0 where it began before. */
  readonly onset: number;
  /** s; null where the table does not say (`n/a`, or 0, which BIDS takes for an instant). */
  readonly duration: number | null;
  /** Time in the movie at which it was started, s. */
  readonly start: number;
  /** Text of the columns that may name it, `n/a` left out. */
  readonly names: Readonly<Record<string, string>>;
  /** Where it stands, for messages: `sub-01_events.tsv, line 3`, or `row 1` of those that the workflow file has for the run. */
  readonly place: string;
}

/** Rows of an events table in its order. Throws UserError for a row without onset, and for negative durations and starts. */
export async function readEvents(artifact: Artifact): Promise<EventRow[]> {
  const { rows } = artifact.meta;
  if (Array.isArray(rows)) {
    return (rows as unknown as StatedRow[]).map(({ movie, onset, duration, start }, index) => ({
      ...{ onset, duration: duration ?? null, start: start ?? 0 },
      names: movie === undefined ? ({} as Record<string, string>) : { movie },
      place: `row ${index + 1}`,
    }));
  }
  return readEventsFile(fileOf(artifact, 'events.tsv'), artifact.origin);
}

/** A row that the workflow file itself states, as it stands in the artifact's meta. */
export interface StatedRow {
  readonly movie?: string;
  readonly onset: number;
  readonly duration?: number;
  readonly start?: number;
}

async function readEventsFile(file: string, origin: string): Promise<EventRow[]> {
  const table = await readTable(file);
  const numbers = (name: string) => (table.columns.includes(name) ? numericColumn(table, name, file) : null);
  const onsets = numericColumn(table, 'onset', file);
  const [durations, starts] = [numbers('duration'), numbers('start')];
  const names = nameColumns
    .filter((name) => table.columns.includes(name))
    .map((name) => [name, textColumn(table, name, file)] as const);
  return Array.from(onsets, (onset, row) => {
    const [duration, start] = [durations?.[row] ?? Number.NaN, starts?.[row] ?? Number.NaN];
    const wrong = Number.isNaN(onset) ? 'onset' : duration < 0 ? 'duration' : start < 0 ? 'start' : null;
    if (wrong) {
      throw new UserError({
        message: wrong === 'onset' ? 'a row without onset' : `a negative ${wrong}`,
        place: { file: origin, line: row + 2, what: wrong },
        expected: 'seconds',
      });
    }
    return {
      onset,
      duration: duration > 0 ? duration : null,
      start: Number.isNaN(start) ? 0 : start,
      names: Object.fromEntries(
        names.flatMap(([name, values]) => (['', 'n/a'].includes(values[row]!) ? [] : [[name, values[row]!]])),
      ),
      place: `${origin}, line ${row + 2}`,
    };
  });
}

/** The meta of events that the workflow file states. */
export function statedEvents(rows: readonly StatedRow[]): JsonObject {
  return { rows: rows.map((row) => ({ ...row })) };
}

export const eventsType: ArtifactType = {
  name: 'events',
  title: 'what was shown in a scan, and when (BIDS events)',
  description: [
    '- `events.tsv`: `onset` in s after the first volume of the image began, `duration` in s (`n/a`: unknown); `movie`, `stim_file` or `trial_type` says what was shown; `start`, where there is one, the time in the movie at which it was started',
    '- or, for events that the workflow file states, no file but meta `rows`',
  ].join('\n'),
  input: fileInput('events', 'The table (.tsv).', 'a table of events (.tsv)', () => ({ role: 'events.tsv' })),
};
