import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a file so that a reader, or a crash, finds either the old content or the new, never a part: everything goes
 * to `temporary` (same file system), is forced to the disk, and is renamed.
 */
export async function writeAtomic(file: string, text: string, temporary: string): Promise<void> {
  try {
    const handle = await open(temporary, 'w', 0o644);
    try {
      await handle.writeFile(text);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
