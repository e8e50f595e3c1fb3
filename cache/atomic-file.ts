import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a file so that a reader, or a crash, finds either the old content or the new, never a part: everything goes
 * to `temporary` (same file system), is forced to the disk, and is renamed. With `forced: false`, which saves most of the
 * time, a cut of power may still leave it empty or with zeros in it: for text that readers then know to be damaged.
 */
export async function writeAtomic(
  file: string,
  text: string,
  temporary: string,
  { forced = true }: { readonly forced?: boolean } = {},
): Promise<void> {
  try {
    const handle = await open(temporary, 'w', 0o644);
    try {
      await handle.writeFile(text);
      if (forced) await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
