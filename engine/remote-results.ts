import { rm } from 'node:fs/promises';
import type { ResultRecord, StoreRecord } from '../cache/record.js';
import { openRemote, type RemoteOptions } from '../cache/remote.js';
import type { Store } from '../cache/store.js';
import type { RunFolder } from '../cache/work-folders.js';
import type { Emit } from './events.js';
import type { Registry } from './step-type.js';

/** A remote cache at work in a run. */
export interface RemoteResults {
  /** The result of a key, put into the store; undefined when the remote has none that can be used. */
  fetch(key: string): Promise<ResultRecord | undefined>;
  /** Gives a new result to the remote, in the background. */
  give(record: StoreRecord): void;
  /** Waits for what is still being given, and ends the connections. */
  close(): Promise<void>;
}

export function openRemoteResults(
  remoteOptions: RemoteOptions,
  context: {
    readonly store: Store;
    readonly registry: Registry;
    readonly folder: RunFolder;
    readonly emit: Emit;
    readonly signal: AbortSignal;
  },
): RemoteResults {
  const { store, registry, folder, emit, signal } = context;
  const note = (message: string) => emit({ type: 'note', instance: 'remote cache', message });
  const remote = openRemote(remoteOptions, note, signal);
  const giving: Promise<unknown>[] = [];
  return {
    async fetch(key) {
      const dir = await folder.workDir();
      try {
        const fetched = await remote.fetch(key, store, dir);
        if (!fetched) return undefined;
        const { record, files } = fetched;
        const fileOf = (digest: string) => files.get(digest) ?? store.blob(digest);
        try {
          for (const { type, meta, files: roles } of Object.values(record.outputs)) {
            const paths = Object.entries(roles).map(([role, { digest }]) => [role, fileOf(digest)]);
            await registry.artifacts.get(type)?.check?.({ meta, files: Object.fromEntries(paths) });
          }
        } catch (error) {
          note(
            `the result ${key.slice(0, 12)} of ${remote.url} is not sound (${(error as Error).message}); it was not used`,
          );
          return undefined;
        }
        return await store.adopt(folder, record, files);
      } finally {
        await rm(dir, { recursive: true, force: true }).catch(() => undefined);
      }
    },
    give(record) {
      if (!remote.readOnly) giving.push(remote.push(record, store));
    },
    async close() {
      if (!signal.aborted) await Promise.all(giving);
      remote.close();
    },
  };
}
