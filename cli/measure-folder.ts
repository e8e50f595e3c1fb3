import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Number and total size of the files below a folder; none when it is not there. */
export async function measureFolder(dir: string): Promise<{ files: number; size: number }> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map((entry) =>
      stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return { files: files.length, size: sizes.reduce((sum, size) => sum + size, 0) };
}
