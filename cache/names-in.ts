import { readdirSync } from 'node:fs';

/** Names in a folder; none when it is not there. */
export function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
