import { numericColumn, type Table } from '../../artifacts/table.js';

/** All columns of a table as numbers `[row, column]`, row-major. */
export function numericMatrix(table: Table, file: string): Float64Array {
  const columns = table.columns.map((name) => numericColumn(table, name, file));
  return Float64Array.from(table.rows.flatMap((_, row) => columns.map((column) => column[row]!)));
}
