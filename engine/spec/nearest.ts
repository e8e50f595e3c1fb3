import { distance } from 'fastest-levenshtein';

/** The valid name that was probably meant, or none if nothing is near. Letter case does not count. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const starts = wanted.length >= 3 && (other.startsWith(wanted) || wanted.startsWith(other));
    const cost = starts ? 1 : distance(wanted, other);
    if (cost < bestCost) [best, bestCost] = [candidate, cost];
  }
  const allowed = name.length < 4 ? 1 : name.length < 8 ? 2 : Math.floor(name.length * 0.4);
  return bestCost <= allowed ? best : undefined;
}

/** `did you mean …?` as an object to spread into a problem; empty if nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>): { hint?: string } {
  const best = nearest(name, candidates);
  return best === undefined ? {} : { hint: `Did you mean \`${best}\`?` };
}

/** `` `a`, `b` or `c` ``; the rest is counted when there are many. */
export function listNames(names: Iterable<string>, most = 20): string {
  const all = [...names].map((name) => `\`${name}\``);
  if (all.length === 0) return 'none';
  if (all.length > most) return `${all.slice(0, most).join(', ')} and ${all.length - most} more`;
  return all.length === 1 ? all[0]! : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}
