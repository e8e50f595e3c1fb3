import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileName } from './file-name.js';
import { RECORD_FORMAT, type ResultRecord, type StoreRecord } from './record.js';
import type { Store } from './store.js';

/**
 * The results that a workflow used last time, in one file: reading ten thousand small files costs four times as much.
 * Only a copy: an entry counts as long as nothing was added to or removed from its folder of `records/` since, which the
 * folder's time tells; else the record itself is read.
 */
export interface RecordPack {
  get(key: string): ResultRecord | undefined;
  /**
   * Writes the records of a run, unless they are the ones that were read. Those of a run of a part of the workflow
   * (`partial`) join the others.
   */
  update(records: readonly ResultRecord[], partial: boolean): Promise<void>;
}

export function openRecordPack(store: Store, name: string): RecordPack {
  const file = path.join('packs', `${fileName(name)}.json`);
  const loaded = load(path.join(store.dir, file));
  const currentTime = folderTimes(store);
  let missed = 0;
  const isKept = (key: string) => loaded.folders[key.slice(0, 2)] === currentTime(key.slice(0, 2));
  return {
    get(key) {
      const record = loaded.records.get(key);
      if (record && isKept(key)) return record;
      missed++;
      return undefined;
    },
    async update(records, partial) {
      const kept = partial ? [...loaded.records.values()].filter(({ key }) => isKept(key)) : [];
      const byKey = new Map([...kept, ...records].map((record) => [record.key, record]));
      if (missed === 0 && byKey.size === loaded.records.size) return;
      const times = folderTimes(store);
      const folders = Object.fromEntries([...byKey.keys()].map((key) => [key.slice(0, 2), times(key.slice(0, 2))]));
      const packed = [...byKey.values()].map(
        ({ ingredients: _, sources: __, ...record }: Partial<StoreRecord>) => record,
      );
      await store.writeFile(file, JSON.stringify({ format: RECORD_FORMAT, folders, records: packed }));
    },
  };
}

/** Time of the last change in a folder of `records/`, asked once each. */
function folderTimes(store: Store): (folder: string) => number {
  const times = new Map<string, number>();
  return (folder) => {
    let time = times.get(folder);
    if (time === undefined) {
      time = statSync(path.join(store.dir, 'records', folder), { throwIfNoEntry: false })?.mtimeMs ?? 0;
      times.set(folder, time);
    }
    return time;
  };
}

function load(file: string): { folders: Record<string, number>; records: Map<string, ResultRecord> } {
  try {
    const { format, folders, records } = JSON.parse(readFileSync(file, 'utf8'));
    if (format === RECORD_FORMAT) {
      return { folders, records: new Map((records as ResultRecord[]).map((record) => [record.key, record])) };
    }
  } catch {
    // Absent or damaged: the records themselves are read.
  }
  return { folders: {}, records: new Map() };
}
