import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';

/** Two frames of the same size, filled in turn. */
export type FrameBuffers = readonly [Uint8Array, Uint8Array];

/** What a program writes, cut into frames; an incomplete one at the end is left out. */
export type RawFrames = AsyncGenerator<Uint8Array, void, undefined>;

/** Where a program can write frames. */
export interface FrameSocket {
  /** Its standard output. To be destroyed once the program has it, or the frames never end. */
  readonly output: net.Socket;
  readonly frames: RawFrames;
}

/** Bytes of the longest path of a socket that every system takes; of a longer one Node takes the beginning. */
const LONGEST_PATH = 103;

/**
 * A connection that is read straight into the buffers: streams make a new piece of memory of every 64 KB and copy it, which
 * takes twice the time. Null where there is none: the folder for temporary files has too long a name for a socket, or sockets
 * are not allowed.
 */
export async function frameSocket(buffers: FrameBuffers): Promise<FrameSocket | null> {
  const server = net.createServer({ pauseOnConnect: true });
  let folder: string | undefined;
  try {
    folder = await mkdtemp(path.join(os.tmpdir(), 'voxreel-'));
    const address = path.join(folder, 'frames');
    if (Buffer.byteLength(address) > LONGEST_PATH) return null;
    server.listen(address);
    await once(server, 'listening');
    const { socket, frames } = framesAt(address, buffers);
    const [[output]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [[net.Socket], []];
    return { output, frames };
  } catch {
    return null;
  } finally {
    server.close();
    if (folder) await rm(folder, { recursive: true });
  }
}

/** Reads while a frame is asked for; meanwhile the program waits. */
function framesAt(address: string, buffers: FrameBuffers): { socket: net.Socket; frames: RawFrames } {
  let [filling, last] = buffers;
  let filled = 0;
  let full = false;
  let ended = false;
  let failed: Error | null = null;
  let wake = () => {};
  const socket = net.connect({
    path: address,
    onread: {
      buffer: () => filling.subarray(filled),
      callback(bytes) {
        filled += bytes;
        if (filled < filling.length) return true;
        filled = 0;
        [filling, last] = [last, filling];
        full = true;
        wake();
        return false;
      },
    },
  });
  socket.once('end', () => {
    ended = true;
    wake();
  });
  socket.on('error', (error) => {
    failed ??= error;
    wake();
  });

  async function* frames(): RawFrames {
    try {
      for (;;) {
        while (!full && !ended && !failed) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (!full) break;
        full = false;
        yield last;
        socket.resume();
      }
      if (failed && !ended) throw failed;
    } finally {
      socket.destroy();
    }
  }
  return { socket, frames: frames() };
}

/** The same from a stream, by copying. */
export async function* framesOfStream(stream: Readable, buffers: FrameBuffers): RawFrames {
  let [filling, full] = buffers;
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const part = Math.min(chunk.length - at, filling.length - filled);
      filling.set(chunk.subarray(at, at + part), filled);
      at += part;
      filled += part;
      if (filled < filling.length) continue;
      filled = 0;
      [filling, full] = [full, filling];
      yield full;
    }
  }
}
