import type { Artifact } from '../../artifacts/artifact.js';
import { fileOf } from '../../artifacts/meta.js';
import { numericColumn, readTable, type Table, textColumn } from '../../artifacts/table.js';
import { UserError } from '../../artifacts/user-error.js';

/** What is known of the subjects of a group, in their order. */
export interface Participants {
  /** A column of numbers. Throws UserError where a subject has none. */
  numbers(column: string, key: string): Float64Array;
  /** A column of texts. Throws UserError where a subject has none. */
  texts(column: string, key: string): string[];
}

/** Finds the subjects in the column `participant_id`, with or without `sub-`. Throws UserError for subjects that are not there, or twice. */
export async function readParticipants(artifact: Artifact, subjects: readonly string[]): Promise<Participants> {
  const file = fileOf(artifact, 'table.tsv');
  const table = await readTable(file);
  const ids = textColumn(table, 'participant_id', file).map(withPrefix);
  const places = subjects.map((subject) => ids.indexOf(withPrefix(subject)));
  const missing = subjects.filter((_, s) => places[s]! < 0);
  if (missing.length > 0) {
    throw new UserError({
      message: `${missing.length} of ${subjects.length} subjects are not in the table of participants: ${some(missing)}`,
      place: { file },
      expected: `a row per subject, named in the column participant_id (it has ${some(ids)})`,
    });
  }
  const twice = subjects.find((subject) => ids.indexOf(withPrefix(subject)) !== ids.lastIndexOf(withPrefix(subject)));
  if (twice !== undefined)
    throw new UserError({ message: `${twice} has two rows`, place: { file, what: 'participant_id' } });

  const requireColumn = (column: string, key: string): void => {
    if (table.columns.includes(column)) return;
    throw new UserError({
      message: `the table of participants has no column "${column}"`,
      place: { file },
      expected: `one of: ${others(table).join(', ') || 'no columns but participant_id'}`,
      keys: [key],
    });
  };
  const requireValue = (subject: number, has: boolean, column: string, key: string): void => {
    if (has) return;
    throw new UserError({
      message: `${subjects[subject]} has no ${column}`,
      place: { file, line: places[subject]! + 2, what: column },
      expected: 'a value for every subject of the group',
      hint: 'Fill it in, or leave this subject out of the fits.',
      keys: [key],
    });
  };
  return {
    numbers(column, key) {
      requireColumn(column, key);
      const all = numericColumn(table, column, file);
      return Float64Array.from(places, (place, s) => {
        requireValue(s, Number.isFinite(all[place]), column, key);
        return all[place]!;
      });
    },
    texts(column, key) {
      requireColumn(column, key);
      const all = textColumn(table, column, file);
      return places.map((place, s) => {
        requireValue(s, all[place] !== '' && all[place] !== 'n/a', column, key);
        return all[place]!;
      });
    },
  };
}

function others({ columns }: Table): string[] {
  return columns.filter((name) => name !== 'participant_id');
}

function withPrefix(id: string): string {
  return id.startsWith('sub-') ? id : `sub-${id}`;
}

function some(names: readonly string[]): string {
  return names.slice(0, 8).join(', ') + (names.length > 8 ? ', …' : '');
}
