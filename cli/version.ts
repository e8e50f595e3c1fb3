import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageDir } from './package-files.js';

/** Version of the installed package. */
export function version(): string {
  return (JSON.parse(readFileSync(path.join(packageDir(), 'package.json'), 'utf8')) as { version: string }).version;
}
