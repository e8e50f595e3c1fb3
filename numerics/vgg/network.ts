import { createPool } from '../pool.js';
import type { FrameResult, OpenRequest } from './session.js';

export interface Network {
  /** Runs one frame, uint8 RGB [y, x, colour]. Rejects at once when `signal` aborts. */
  frame(pixels: Uint8Array): Promise<FrameResult>;
  close(): Promise<void>;
}

/**
 * Opens the network on a thread of its own, so that this one stays free for events and signals while native code
 * computes. The backend spreads over `threads` threads itself.
 */
export async function openNetwork(request: OpenRequest, signal: AbortSignal): Promise<Network> {
  const pool = createPool(1);
  const network: Network = {
    frame: (pixels) => pool.run('vgg.frame', pixels, { signal }),
    async close() {
      const closed = pool.close();
      // A native call cannot be interrupted; its thread ends after the frame. Nobody waits for that when all stops.
      if (signal.aborted) closed.catch(() => {});
      else await closed;
    },
  };
  try {
    await pool.run('vgg.open', request, { signal });
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}
