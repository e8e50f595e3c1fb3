import { setTimeout as sleep } from 'node:timers/promises';
import type { Leases } from '../cache/leases.js';

/** Another run is asked this often whether it is done. */
const POLL_MS = 300;

/**
 * Waits until nobody else makes the result of a key any more: it is there, its maker failed, or died. Also returns on an
 * abort.
 * @param isThere whether the result is in the store by now
 */
export async function untilFree(
  leases: Leases,
  key: string,
  isThere: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && !isThere() && (await leases.holder(key)) !== undefined) {
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
