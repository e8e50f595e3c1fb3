import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../artifacts/user-error.js';
import { writeFully } from '../../artifacts/whole-bytes.js';
import { connectionFault, EarlyEnd, WrongAnswer } from './connection-fault.js';
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

/** Longest silence of a server, in ms. */
const SILENCE = 30_000;

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
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: SILENCE },
    headersTimeout: SILENCE,
    bodyTimeout: SILENCE,
  });
  try {
    const response = await fetch(url, {
      dispatcher,
      // A signal of its own: undici sets a limit of listeners, which Node 20 cannot read from one without limit.
      signal: AbortSignal.any([signal]),
      // Compressed bytes could not be counted.
      headers: { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) },
    });
    const { status, headers, body } = response;
    // 416: what is there is longer than the file. 200: this server knows no ranges. Both begin anew.
    if (status === 416) await rm(partOf(target), { force: true });
    if (status !== 200 && status !== 206) throw new WrongAnswer(status, response.statusText);
    const start = status === 206 ? have : 0;
    const length = headers.get('content-length');
    if (length !== null && start + Number(length) !== size) {
      throw new WrongAnswer(status, `the file there has ${start + Number(length)} bytes instead of ${size}`);
    }
    const file = await open(partOf(target), start > 0 ? 'r+' : 'w');
    try {
      let at = start;
      for await (const chunk of body!) {
        if (at + chunk.length > size) throw new WrongAnswer(status, `the file there has more than ${size} bytes`);
        await writeFully(file, chunk, at);
        at += chunk.length;
        onProgress(at);
      }
      if (at < size) throw new EarlyEnd(`the connection ended after ${at} of ${size} bytes`);
    } finally {
      await file.close();
    }
  } finally {
    await dispatcher.destroy();
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
