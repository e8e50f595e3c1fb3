import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

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

/** Version of an installed package that voxreel uses; undefined when it is not installed. */
export function packageVersion(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(path.join(folder, name, 'package.json'), 'utf8')).version;
    } catch {
      // Not in this folder: the next one up.
    }
  }
  return undefined;
}
