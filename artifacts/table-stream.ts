import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseTable, refuseOther, requireWidth, tableLine } from './table.js';

/*
 * Tables that may be too long to lie in memory (the clusters of thousands of maps): written and checked piece by piece.
 */

export interface TableAppender {
  /** Appends rows; calls must not overlap. Cells as in `writeTable`. */
  append(rows: Iterable<readonly (string | number | null)[]>): Promise<void>;
  close(): Promise<void>;
}

/** Text that is collected before it is written. */
const pieceLength = 1 << 18;

/** Creates a TSV file whose rows follow, with the bytes that `writeTable` writes. */
export async function appendTable(file: string, columns: readonly string[]): Promise<TableAppender> {
  const handle = await open(file, 'w');
  let text = tableLine(columns);
  const flush = async () => {
    const piece = text;
    text = '';
    await handle.appendFile(piece);
  };
  return {
    async append(rows) {
      for (const row of rows) {
        if (row.length !== columns.length)
          throw new RangeError(`${row.length} values for ${columns.length} columns of ${file}`);
        text += tableLine(row);
        if (text.length >= pieceLength) await flush();
      }
    },
    async close() {
      try {
        await flush();
      } finally {
        await handle.close();
      }
    },
  };
}

/** Makes sure that a file is a table, with one line of it in memory. Throws UserError as `readTable` does. */
export async function requireTable(file: string): Promise<void> {
  await refuseOtherFile(file);
  let columns: number | null = null;
  let line = 0;
  let empty = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (columns === null) {
      columns = parseTable(text, file).columns.length;
    } else if (text.trim() === '') {
      // Allowed at the end only.
      empty ||= line;
    } else {
      if (empty > 0) requireWidth(1, columns, file, empty);
      requireWidth(text.split('\t').length, columns, file, line);
    }
  }
  if (columns === null) parseTable('', file);
}

async function refuseOtherFile(file: string): Promise<void> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    refuseOther(buffer.subarray(0, bytesRead), file);
  } finally {
    await handle.close();
  }
}
