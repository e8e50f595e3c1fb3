/** Names for a message; three or more that are numbered on become one entry: `cosine00 to cosine03`. */
export function describeColumns(names: readonly string[]): string {
  const parts: string[] = [];
  let start = 0;
  while (start < names.length) {
    let end = start + 1;
    while (end < names.length && follows(names[end - 1]!, names[end]!)) end++;
    const run = names.slice(start, end);
    parts.push(...(run.length > 2 ? [`${run[0]} to ${run.at(-1)}`] : run));
    start = end;
  }
  return parts.join(', ');
}

function follows(name: string, next: string): boolean {
  const [a, b] = [name, next].map((text) => /^(.*?)(\d+)$/.exec(text));
  return a !== null && b !== null && a![1] === b![1] && Number(b![2]) === Number(a![2]) + 1;
}
