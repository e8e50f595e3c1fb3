import path from 'node:path';
import type { Places } from './found.js';

/**
 * A path as it stands in the workflow file: what the user gave as absolute stays absolute, everything else starts at the
 * folder of the file. With forward slashes, which every system reads.
 */
export function writtenPath(given: string, { from, to }: Places): string {
  if (path.isAbsolute(given)) return given;
  const relative = path.relative(to, path.resolve(from, given));
  return (relative || '.').split(path.sep).join('/');
}
