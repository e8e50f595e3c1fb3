import { createHash, hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { JsonObject } from '../artifacts/artifact.js';
import { canonicalJson } from './canonical-json.js';

const CHUNK = 1 << 20;

/** sha256 of a text (UTF-8), hex. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Digest and length in bytes of a file's content. */
export interface FileDigest {
  readonly digest: string;
  readonly size: number;
}

/**
 * sha256 of a file, read in blocks of 1 MiB: the next block is read while the last is hashed, and memory stays at two
 * blocks however big the file is. With `sync` the file's data are forced to the disk before it returns.
 */
export async function hashFile(
  file: string,
  options: { signal?: AbortSignal | undefined; sync?: boolean } = {},
): Promise<FileDigest> {
  const handle = await open(file, 'r');
  try {
    const hasher = createHash('sha256');
    // Buffers of the full length for thousands of small files would keep the garbage collector busy.
    const chunk = Math.min(CHUNK, (await handle.stat()).size + 1);
    const buffers = [Buffer.allocUnsafe(chunk), Buffer.allocUnsafe(chunk)] as const;
    let size = 0;
    let turn: 0 | 1 = 0;
    let { bytesRead } = await handle.read(buffers[turn], 0, chunk, null);
    while (bytesRead > 0) {
      options.signal?.throwIfAborted();
      const current = buffers[turn].subarray(0, bytesRead);
      turn = turn === 0 ? 1 : 0;
      const next = handle.read(buffers[turn], 0, chunk, null);
      hasher.update(current);
      size += current.length;
      ({ bytesRead } = await next);
    }
    if (options.sync) await handle.datasync();
    return { digest: hasher.digest('hex'), size };
  } finally {
    await handle.close();
  }
}

/**
 * Digest of an artifact: sha256 over its type, its facts and the content digests of its files by role. Two results
 * with this digest in common cannot be told apart by any step, wherever their files lie and whenever they were made.
 */
export function artifactDigest(type: string, meta: JsonObject, files: Readonly<Record<string, FileDigest>>): string {
  const digests: Record<string, string> = {};
  for (const role of Object.keys(files)) digests[role] = files[role]!.digest;
  return sha256(canonicalJson({ type, meta, files: digests }));
}
