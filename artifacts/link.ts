import { constants } from 'node:fs';
import { copyFile, link, rm, stat } from 'node:fs/promises';

/**
 * Gives a file a second name: a reflink where the file system has them, else a hard link if the source is read-only
 * (as the store's blobs are), else a copy. A source that can be written is never hard-linked, because editing the
 * result would then change the source. Replaces what `target` was before.
 */
export async function linkOrCopy(source: string, target: string): Promise<void> {
  await rm(target, { force: true });
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE);
    return;
  } catch {
    // Most file systems have no reflinks: not an error, the next way is tried.
  }
  await rm(target, { force: true });
  const { mode } = await stat(source);
  if ((mode & 0o222) === 0) {
    try {
      await link(source, target);
      return;
    } catch {
      // Another file system, or one without hard links.
    }
  }
  await copyFile(source, target);
}
