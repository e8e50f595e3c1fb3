import { statSync } from 'node:fs';
import { chmod, copyFile, lstat, rename, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { type FileDigest, hashFile } from './digest.js';
import { makeFolder } from './make-folder.js';
import type { ResultRecord } from './record.js';

/** A file whose clock is this much ahead of the writer's is still taken as not modified since. */
const CLOCK_TOLERANCE_MS = 1000;

const QUIET = { throwIfNoEntry: false } as const;

/** Something about a blob that is not as its record says. `touched` may be harmless: only its digest tells. */
export interface Suspicion {
  readonly port: string;
  readonly role: string;
  readonly file: FileDigest;
  readonly kind: 'missing' | 'size' | 'touched';
}

export function blobFile(blobs: string, digest: string): string {
  return `${blobs}/${digest.slice(0, 2)}/${digest}`;
}

/**
 * Compares the blobs of a record with what their folder says (one stat each, no reading): they are there, they have
 * the size they had, and nobody wrote to them after the record was made. Hard links in results share the blob's data,
 * so a program that edits a result in place is noticed by the last of these.
 */
export function examineBlobs(blobs: string, record: ResultRecord): Suspicion[] {
  const suspicions: Suspicion[] = [];
  const latest = Date.parse(record.made) + CLOCK_TOLERANCE_MS;
  for (const port in record.outputs) {
    const { files } = record.outputs[port]!;
    for (const role in files) {
      const file = files[role]!;
      const facts = statSync(blobFile(blobs, file.digest), QUIET);
      if (facts === undefined) suspicions.push({ port, role, file, kind: 'missing' });
      else if (facts.size !== file.size) suspicions.push({ port, role, file, kind: 'size' });
      else if (facts.mtimeMs > latest) suspicions.push({ port, role, file, kind: 'touched' });
    }
  }
  return suspicions;
}

/** Whether a blob's content still has its digest. A sound blob gets its time back, so that it is not read again. */
export async function isSound(blobs: string, file: FileDigest, made: Date, signal?: AbortSignal): Promise<boolean> {
  const blob = blobFile(blobs, file.digest);
  const { digest } = await hashFile(blob, { signal });
  if (digest !== file.digest) return false;
  const facts = await stat(blob);
  // A shared store may belong to someone else: then the blob is simply read again next time.
  if (facts.mtimeMs > made.getTime()) await utimes(blob, made, made).catch(() => undefined);
  return true;
}

/**
 * Moves a file into the store under its digest and makes it read-only. Its data are on the disk when this returns.
 * `source` must be on the same file system and is gone afterwards, unless it has another name somewhere (a hard link,
 * a symbolic link): a blob shares its data with nobody who might write to it, so a blob that is not there yet is copied.
 */
export async function addBlob(blobs: string, source: string, signal?: AbortSignal): Promise<FileDigest> {
  const facts = await lstat(source);
  let own = source;
  if (facts.isSymbolicLink() || facts.nlink > 1) {
    // A step that passes an input on links to its blob: nothing to copy then.
    const shared = await hashFile(source, { signal });
    if (await isUsed(blobs, shared)) return shared;
    own = `${source}.own`;
    await copyFile(source, own);
  }
  await chmod(own, 0o444);
  const file = await hashFile(own, { signal, sync: true });
  if (await isUsed(blobs, file)) return file;
  const blob = blobFile(blobs, file.digest);
  await makeFolder(path.dirname(blob));
  await rename(own, blob);
  return file;
}

export async function isPresent(blobs: string, file: FileDigest): Promise<boolean> {
  const facts = await stat(blobFile(blobs, file.digest)).catch(() => undefined);
  return facts?.size === file.size;
}

/** Whether the blob is there; if so its inode's time is renewed, so that a garbage collection leaves it to its new record. */
async function isUsed(blobs: string, file: FileDigest): Promise<boolean> {
  if (!(await isPresent(blobs, file))) return false;
  await chmod(blobFile(blobs, file.digest), 0o444).catch(() => undefined);
  return true;
}
