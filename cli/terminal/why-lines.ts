import { reasonText } from '../../engine/reason-text.js';
import type { Why } from '../../engine/why.js';

/** More causes of one thing than this are counted, not listed. */
const MOST = 3;

/** A tree of causes: what depends on something stands above it, indented less. */
export function whyLines(why: Why, baseDir: string, depth = 1): string[] {
  const indent = '  '.repeat(depth);
  const lines: string[] = [];
  // An instance that only waits for others is explained by them.
  const own = why.reasons.filter((reason) => reason.kind !== 'upstream' && reason.kind !== 'cached');
  const shown = why.causes.slice(0, MOST);
  for (const reason of own) lines.push(`${indent}${reasonText(reason, baseDir)}`);
  for (const cause of shown) {
    lines.push(`${indent}${cause.instance} ${verb(cause)}${cause.reasons.length > 0 ? ', because' : ''}`);
    lines.push(...whyLines(cause, baseDir, depth + 1));
  }
  if (why.causes.length > MOST) lines.push(`${indent}and ${why.causes.length - MOST} more`);
  return lines;
}

function verb({ state, reasons }: Why): string {
  switch (state) {
    case 'run':
      return 'would run';
    case 'upstream':
      return 'may run';
    case 'ran':
      return 'ran';
    case 'cached':
      return reasons.length > 0 ? 'is cached with another result than last time' : 'is cached';
  }
}
