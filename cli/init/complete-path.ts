import { readdirSync } from 'node:fs';
import path from 'node:path';
import { typedPath } from './typed-path.js';

/** What a half-typed path may become, for Tab: folders end with a slash. */
export function completePath(line: string): [string[], string] {
  const cut = line.lastIndexOf('/') + 1;
  const [folder, start] = [line.slice(0, cut), line.slice(cut)];
  try {
    const entries = readdirSync(path.resolve(typedPath(folder)), { withFileTypes: true });
    const near = entries.filter(({ name }) => name.startsWith(start) && (start !== '' || !name.startsWith('.')));
    return [near.map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`).sort(), line];
  } catch {
    return [[], line];
  }
}
