/** Round numbers (1, 2 or 5 times a power of ten) within a range, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.85) ?? 10);
  const values: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) values.push(n * step + 0);
  return values;
}

/** A number for a reader: as many decimals as the step between neighbours needs, a true minus sign. */
export function tickText(value: number, step: number): string {
  const decimals = Math.max(0, Math.min(8, -Math.floor(Math.log10(Math.abs(step) || 1) + 1e-9)));
  return signed(value.toFixed(decimals));
}

/** Three significant digits, for an end of a scale. */
export function valueText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return signed(value.toExponential(1));
  return signed(String(Number(value.toPrecision(3))));
}

function signed(digits: string): string {
  return Number(digits) === 0 ? digits.replace('-', '') : digits.replaceAll('-', '−');
}
