/** Whether a column of `values` `[row, column]` (row-major, so many `columns`) holds more than one value. */
export function columnVaries(values: Float64Array, columns: number, column: number): boolean {
  for (let i = column + columns; i < values.length; i += columns) if (values[i] !== values[column]) return true;
  return false;
}
