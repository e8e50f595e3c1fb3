/** Averages a picture `[y, x]` over the areas of a coarser grid; pixels that two cells share count in both by their part. */
export function areaAverage(
  picture: Float64Array,
  width: number,
  height: number,
  columns: number,
  rows: number,
): Float64Array {
  if (width === columns && height === rows) return picture;
  const narrow = new Float64Array(height * columns);
  const x = cells(width, columns);
  for (let row = 0; row < height; row++) {
    for (const { cell, pixel, part } of x) narrow[row * columns + cell]! += part * picture[row * width + pixel]!;
  }
  const out = new Float64Array(rows * columns);
  for (const { cell, pixel, part } of cells(height, rows)) {
    for (let column = 0; column < columns; column++) {
      out[cell * columns + column]! += part * narrow[pixel * columns + column]!;
    }
  }
  return out;
}

/** Which part of which cell each pixel is; the parts of a cell sum to 1. */
function cells(pixels: number, count: number): { cell: number; pixel: number; part: number }[] {
  const size = pixels / count;
  return Array.from({ length: count }, (_, cell) => {
    const [from, to] = [cell * size, (cell + 1) * size];
    return Array.from({ length: Math.ceil(to - 1e-9) - Math.floor(from + 1e-9) }, (_, n) => {
      const pixel = Math.floor(from + 1e-9) + n;
      return { cell, pixel, part: (Math.min(to, pixel + 1) - Math.max(from, pixel)) / size };
    });
  }).flat();
}
