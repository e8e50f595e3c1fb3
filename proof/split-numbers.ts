/** A number that stands for itself: not part of a name (`conv1_1/k276`, `sub-01`), a colour or a version. */
const NUMBER = /(?<![\w.#/-])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.%/-])/g;

/**
 * Separates the numbers of a text from its words, so that two tables can be compared within a tolerance: words must be equal
 * (every number replaced by `#`), numbers may differ by rounding. `n/a` and `NaN` are words.
 */
export function splitNumbers(text: string): { readonly numbers: Float64Array; readonly words: string } {
  const numbers: number[] = [];
  const words = text.replace(NUMBER, (found) => {
    numbers.push(Number(found));
    return '#';
  });
  return { numbers: Float64Array.from(numbers), words };
}
