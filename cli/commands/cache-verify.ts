import { openStore } from '../../cache/store.js';
import { verifyStore } from '../../cache/verify-store.js';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { interruptible } from '../interrupt.js';
import { print } from '../streams.js';
import { showPart } from '../terminal/show-part.js';
import { bytes, count } from '../terminal/text.js';

/** Reads everything in a cache and compares digests; ends with 1 when something is damaged. */
export async function cacheVerifyCommand({ cache, json }: { cache?: string; json?: boolean }): Promise<number> {
  const store = await openStore(await existingCache(cache));
  const interrupt = interruptible();
  const part = showPart();
  try {
    const progress = json ? () => {} : (done: number, total: number) => part.update('reading', done, total);
    const verified = await verifyStore(store, progress, interrupt.signal);
    part.close();
    const { results, blobs, bytes: size, damaged } = verified;
    if (json) {
      const list = damaged.map(({ result: { key, users }, fault }) => ({ key, users, fault }));
      print(JSON.stringify({ results, blobs, bytes: size, damaged: list }));
    } else {
      for (const { result, fault } of damaged) {
        print(
          `damaged  ${result.key.slice(0, 12)}  ${result.users[0] ?? result.record?.ingredients.step ?? ''}  ${fault}`,
        );
      }
      print(
        damaged.length === 0
          ? `All ${count(results, 'result')} are sound: ${count(blobs, 'file')}, ${bytes(size)}.`
          : `${damaged.length} of ${count(results, 'result')} damaged and set aside; the next run that needs one makes it again.`,
      );
    }
    return damaged.length === 0 ? exitCode.ok : exitCode.failed;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    part.close();
    interrupt.end();
  }
}
