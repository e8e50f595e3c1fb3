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

/** Where the number with this index is in a text: `line 3, t` of a table with a first line of names, `threshold` of JSON. */
export function placeOfNumber(text: string, index: number): string {
  let left = index;
  let at = 0;
  for (const match of text.matchAll(NUMBER)) {
    at = match.index;
    if (left-- === 0) break;
  }
  const before = text.slice(0, at);
  if (/^\s*[[{]/.test(text)) return [...before.matchAll(/"([^"]+)":/g)].at(-1)?.[1] ?? `number ${index + 1}`;
  const lines = before.split('\n');
  const [head] = text.split('\n', 1);
  const column = head!.includes('\t') ? head!.split('\t')[lines.at(-1)!.split('\t').length - 1] : undefined;
  return `line ${lines.length}${column === undefined ? '' : `, ${column}`}`;
}
