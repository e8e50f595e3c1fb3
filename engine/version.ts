import { readFileSync } from 'node:fs';

let version: string | undefined;

/** Version of this package, from its package.json (one folder further up when running from dist/). */
export function voxreelVersion(): string {
  if (version === undefined) {
    for (const up of ['../package.json', '../../package.json']) {
      try {
        const facts = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8'));
        if (facts.name === 'voxreel') version = facts.version as string;
      } catch {
        // Not there: the other place.
      }
    }
    if (version === undefined) throw new Error('package.json of voxreel not found');
  }
  return version;
}
