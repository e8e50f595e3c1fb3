import { rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Lease, type LeaseTiming, openLeases } from '../cache/leases.js';
import type { Emit } from './events.js';
import { UNFINISHED } from './results-manifest.js';
import { untilFree } from './waiting-elsewhere.js';

const KEY = 'results';

export interface TurnOptions {
  /** Told once when there is somebody to wait for. */
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly leaseTiming: LeaseTiming | undefined;
}

/**
 * Waits until no other run publishes into a results folder; until the turn is released, others wait. Two that write at once
 * would leave files of one with the list of the other. The lease lies in the results folder itself: runs with different
 * caches may publish into the same.
 * @returns undefined when the signal aborts first
 */
export async function takeTurn(root: string, { emit, signal, leaseTiming }: TurnOptions): Promise<Lease | undefined> {
  const folder = path.join(root, UNFINISHED);
  const leases = openLeases(folder, leaseTiming);
  const close = async () => {
    await leases.close();
    await rmdir(path.join(folder, 'leases')).catch(() => undefined);
  };
  try {
    for (let told = false; !signal.aborted; told = true) {
      const claimed = await leases.claim(KEY, { host: os.hostname() });
      if (!('holder' in claimed)) {
        return {
          async release() {
            await claimed.release();
            await close();
          },
        };
      }
      if (!told) emit({ type: 'waiting', instance: 'outputs', host: String(claimed.holder.host ?? 'unknown') });
      await untilFree(leases, KEY, () => false, signal);
    }
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  return undefined;
}
