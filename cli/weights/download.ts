import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../artifacts/user-error.js';
import { writeFullySync } from '../../artifacts/whole-bytes.js';
import { connectionFault, EarlyEnd, WrongAnswer } from './connection-fault.js';
import { get } from './get.js';
import { checkProxies } from './proxy.js';

export interface Download {
  readonly url: string;
  /** Where it goes once it is whole and verified. Its folder is made. */
  readonly target: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly signal: AbortSignal;
  /** Bytes that are there. */
  onProgress(done: number): void;
  /** A connection that broke, and that it goes on. */
  onRetry(message: string): void;
}

/** Connections in a row that bring nothing, before it is given up. */
const TRIES = 4;

/** Wait before the second connection, doubled each time, in ms. */
const PAUSE = 500;

/** The unfinished file: it stays after a failure, and the next download goes on from its end. */
export function partOf(target: string): string {
  return `${target}.part`;
}

/**
 * Downloads a file by HTTP(S), through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. A broken connection is
 * taken up where it broke (range requests), also by a later call. Nothing stands under `target` before its size and
 * SHA-256 are right. Two at the same time write the same bytes to the same places, which harms neither.
 * Throws UserError for what the user can mend.
 */
export async function download(order: Download): Promise<void> {
  const { target, signal } = order;
  checkProxies();
  let idle = 0;
  for (;;) {
    const before = await sizeOf(partOf(target));
    if (before === order.size) break;
    try {
      await goOn(order, before);
    } catch (error) {
      signal.throwIfAborted();
      const fault = connectionFault(error, order.url);
      idle = (await sizeOf(partOf(target))) > before ? 0 : idle + 1;
      if (!fault.passing || idle >= TRIES) throw fault.asUserError(target);
      order.onRetry(fault.message);
      await sleep(PAUSE * 2 ** (idle - 1), undefined, { signal });
    }
  }
  const found = await sha256Of(partOf(target), signal);
  if (found !== order.sha256) {
    await rm(partOf(target));
    throw new UserError({
      message: `what came from ${order.url} is another file: its SHA-256 is ${found}`,
      expected: order.sha256,
      hint: 'Nothing was kept. Try again; if it stays so, the server or something on the way altered the file.',
    });
  }
  await rename(partOf(target), target);
}

/** One connection: from the end of what is there to the end of the file, or to where it breaks. */
async function goOn({ url, target, size, signal, onProgress }: Download, have: number): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const part = { file: -1, length: 0 };
  try {
    await get({
      url,
      signal,
      // Compressed bytes could not be counted.
      headers: { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) },
      onAnswer({ status, statusText, length }) {
        // 416: what is there is longer than the file. 200: this server knows no ranges. Both begin anew.
        if (status === 416) rmSync(partOf(target), { force: true });
        if (status !== 200 && status !== 206) throw new WrongAnswer(status, statusText);
        part.length = status === 206 ? have : 0;
        if (length !== null && part.length + length !== size) {
          throw new WrongAnswer(status, `the file there has ${part.length + length} bytes instead of ${size}`);
        }
        part.file = openSync(partOf(target), part.length > 0 ? 'r+' : 'w');
      },
      onPiece(piece) {
        if (part.length + piece.length > size) throw new WrongAnswer(200, `the file there has more than ${size} bytes`);
        writeFullySync(part.file, piece, part.length);
        part.length += piece.length;
        onProgress(part.length);
      },
    });
    if (part.length < size) throw new EarlyEnd(`the connection ended after ${part.length} of ${size} bytes`);
  } finally {
    if (part.file >= 0) closeSync(part.file);
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    (info) => info.size,
    () => 0,
  );
}

/** Lower-case hex. */
export async function sha256Of(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20, ...(signal && { signal }) })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
