import { stat } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import { hashFile } from '../../cache/digest.js';
import type { StoreRecord } from '../../cache/record.js';
import type { Store } from '../../cache/store.js';
import { filesBelow } from './tiny-study.js';

/** Everything that a store claims to have is there and has its digest; no name lies. Returns the number of records. */
export async function expectIntact(store: Store): Promise<number> {
  let records = 0;
  for (const file of await filesBelow(path.join(store.dir, 'records'))) {
    const record = store.read(path.parse(file).name) as StoreRecord;
    expect(typeof record, `${file}: ${record}`).toBe('object');
    expect(await store.verify(record)).toBeUndefined();
    records++;
  }
  for (const file of await filesBelow(path.join(store.dir, 'blobs'))) {
    const blob = path.join(store.dir, 'blobs', file);
    expect((await hashFile(blob)).digest).toBe(path.basename(file));
    expect((await stat(blob)).mode & 0o777).toBe(0o444);
  }
  return records;
}
