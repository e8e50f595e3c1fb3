import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

/** Root of the repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Reference data beside the checkout: numbers of other tools, weight files, real BOLD. Absent on a user's machine. */
export const shared = path.join(root, '..', 'shared');

/** A suite that needs `../shared`: skipped with its reason where that folder is absent, required in CI. */
export function describeShared(name: string, suite: () => void): void {
  const present = existsSync(path.join(shared, 'reference'));
  if (!present && process.env.CI) throw new Error(`${shared} is missing, and CI must not skip its tests`);
  describe.skipIf(!present)(present ? name : `${name} (skipped: reference data not found at ../shared)`, suite);
}
