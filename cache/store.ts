import { readFileSync } from 'node:fs';
import { rename, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '../artifacts/artifact.js';
import { UserError } from '../artifacts/user-error.js';
import { writeAtomic } from './atomic-file.js';
import { addBlob, blobFile, examineBlobs, isPresent, isSound, type Suspicion } from './blobs.js';
import { artifactDigest, type FileDigest } from './digest.js';
import { folderError } from './folder-error.js';
import { removeForgotten } from './leases.js';
import { makeFolder } from './make-folder.js';
import { namesIn } from './names-in.js';
import {
  RECORD_FORMAT,
  type ResultRecord,
  readRecord,
  recordFile,
  type StoredOutput,
  type StoreRecord,
} from './record.js';
import { openRunFolder, ownedName, type RunFolder, removeAbandoned } from './work-folders.js';

/** Raised when a store of this layout can no longer be used by older versions. */
const STORE_FORMAT = 1;

/** What a step made, with its files still in its work folder. */
export interface NewResult {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly type: string; readonly meta: JsonObject; readonly files: Readonly<Record<string, string>> }
    >
  >;
  readonly notes: readonly string[];
  readonly seconds: number;
  readonly ingredients: JsonObject;
  readonly sources?: JsonObject;
}

/**
 * The content-addressed store, a folder that several processes may share:
 *
 *     blobs/ab/<sha256>        file contents, read-only
 *     records/ab/<key>.json    which blobs are the result of a key
 *     tmp/<owner>/             work folders of runs that are going on
 *     leases/<key>.<n>         who makes the result of a key now
 *     quarantine/              blobs that failed their digest
 *     runs/                    the log of runs
 *     roots/                   what lock files name, which is never collected
 *     history/, packs/, stat-cache.json, collected.json  what explains and speeds up the next run; may be deleted at any time
 *
 * Blobs are forced to the disk and renamed into place first, the record last, so a crash, a full disk or a cut of power
 * leaves a result whole or absent. Two processes that make the same result both succeed; the last record counts.
 */
export interface Store {
  readonly dir: string;
  /** The record of a key; undefined when there is none; a text that says what is wrong when it cannot be used. */
  read(key: string): StoreRecord | string | undefined;
  /** Cheap check of a record's blobs (existence, size, time of modification). Empty: usable. */
  examine(record: ResultRecord): readonly Suspicion[];
  /**
   * Settles suspicions by reading the blobs; without any, reads all blobs of the record. Damaged blobs are moved to
   * quarantine. Returns what is wrong, undefined when all is sound.
   */
  verify(record: ResultRecord, suspicions?: readonly Suspicion[], signal?: AbortSignal): Promise<string | undefined>;
  /** Absolute path of a blob. Its content must not be changed. */
  blob(digest: string): string;
  /** The folder for the work of a run; fails with a UserError when the store cannot be written. */
  openRun(): Promise<RunFolder>;
  /** Moves the files of a result into the store and writes its record. `run` lends the place for temporary names. */
  put(run: RunFolder, key: string, result: NewResult, signal?: AbortSignal): Promise<StoreRecord>;
  /** Whether a blob with this content is there, by its size. */
  has(file: FileDigest): Promise<boolean>;
  /** Takes a result that was made elsewhere. `files` are those of its blobs that the store lacks, checked, by digest. */
  adopt(run: RunFolder, record: StoreRecord, files: ReadonlyMap<string, string>): Promise<StoreRecord>;
  /** Notes that the result of a key is in use, for `collectGarbage`. */
  touch(key: string): Promise<void>;
  /** Writes one of the store's own small files (history, stat cache) atomically. */
  writeFile(file: string, text: string, options?: { readonly forced?: boolean }): Promise<void>;
  /** Removes what killed runs left in tmp/ and leases/. Returns how many folders of tmp/. */
  sweep(): Promise<number>;
}

/** Opens a store, making it when it is not there. Throws UserError when that is impossible. */
export async function openStore(folder: string): Promise<Store> {
  const dir = path.resolve(folder);
  const at = (name: string) => path.join(dir, name);
  const blobs = at('blobs');
  const records = at('records');
  try {
    if (!hasFormat(dir)) await create(dir);
  } catch (error) {
    throw folderError(error, dir, 'the cache folder');
  }
  /** Everything that writes goes through here, so that a full or forbidden disk is told in the user's terms. */
  const writing = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw folderError(error, dir, 'the cache folder');
    }
  };

  return {
    dir,
    read: (key) => readRecord(records, key),
    examine: (record) => examineBlobs(blobs, record),
    blob: (digest) => blobFile(blobs, digest),
    async verify(record, suspicions, signal) {
      const made = new Date(record.made);
      const faults: string[] = [];
      for (const { port, role, file, kind } of suspicions?.length ? suspicions : everyFile(record)) {
        const name = `${role} of ${port}`;
        if (kind === 'missing') {
          faults.push(`${name} is gone${wasSetAside(dir, file) ? '; a damaged copy of it was set aside' : ''}`);
          continue;
        }
        const found = await faultOf(blobs, file, made, signal);
        if (found === undefined) continue;
        faults.push(`${name} is damaged: ${found}, expected ${file.size} bytes of ${file.digest.slice(0, 12)}…`);
        await quarantine(dir, file);
      }
      return faults.length === 0 ? undefined : faults.join('; ');
    },
    openRun: () =>
      writing(async () => {
        await makeFolder(at('tmp'));
        return openRunFolder(at('tmp'));
      }),
    put: (run, key, result, signal) =>
      writing(async () => {
        const outputs: Record<string, StoredOutput> = {};
        for (const [port, { type, meta, files }] of Object.entries(result.outputs)) {
          const stored: Record<string, FileDigest> = {};
          for (const [role, file] of Object.entries(files)) stored[role] = await addBlob(blobs, file, signal);
          outputs[port] = { type, digest: artifactDigest(type, meta, stored), meta, files: stored };
        }
        return writeRecord(run, {
          format: RECORD_FORMAT,
          key,
          outputs,
          notes: result.notes,
          seconds: Math.round(result.seconds * 1000) / 1000,
          made: new Date().toISOString(),
          ingredients: result.ingredients,
          ...(result.sources ? { sources: result.sources } : {}),
        });
      }),
    has: (file) => isPresent(blobs, file),
    adopt: (run, record, files) =>
      writing(async () => {
        for (const file of files.values()) await addBlob(blobs, file);
        return writeRecord(run, { ...record, made: new Date().toISOString() });
      }),
    async touch(key) {
      const now = new Date();
      // A store that cannot be written cannot be collected either.
      await utimes(recordFile(records, key), now, now).catch(() => undefined);
    },
    writeFile: (file, text, options) =>
      writing(async () => {
        await makeFolder(path.dirname(at(file)));
        await makeFolder(at('tmp'));
        await writeAtomic(at(file), text, path.join(dir, 'tmp', ownedName()), options);
      }),
    async sweep() {
      await removeForgotten(dir);
      return removeAbandoned(at('tmp'));
    },
  };

  async function writeRecord(run: RunFolder, record: StoreRecord): Promise<StoreRecord> {
    const file = recordFile(records, record.key);
    await makeFolder(path.dirname(file));
    // Neither empty text nor text with zeros in it is JSON, so a record that a cut of power spoils counts as absent.
    await writeAtomic(file, JSON.stringify(record), path.join(run.dir, `${record.key}.record`), { forced: false });
    return record;
  }
}

function hasFormat(dir: string): boolean {
  let text: string;
  try {
    text = readFileSync(path.join(dir, 'store.json'), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    throw error;
  }
  const format = Number(/"format":\s*(\d+)/.exec(text)?.[1]);
  if (format === STORE_FORMAT) return true;
  throw new UserError({
    message: `the cache folder has format ${Number.isNaN(format) ? 'unknown' : format}`,
    place: { file: path.join(dir, 'store.json') },
    expected: `format ${STORE_FORMAT}`,
    hint: 'Use the version of voxreel that made it, or another folder (--cache DIR).',
  });
}

async function create(dir: string): Promise<void> {
  for (const name of ['blobs', 'records', 'tmp']) await makeFolder(path.join(dir, name));
  // Backup programs leave tagged folders out (bford.info/cachedir); version control should too.
  await writeFile(
    path.join(dir, 'CACHEDIR.TAG'),
    'Signature: 8a477f597d28d172789f06886806bc55\n# Made by voxreel. Everything in this folder can be computed again.\n',
  );
  await writeFile(path.join(dir, '.gitignore'), '*\n');
  await writeAtomic(
    path.join(dir, 'store.json'),
    `${JSON.stringify({ format: STORE_FORMAT })}\n`,
    path.join(dir, 'tmp', ownedName()),
  );
}

/** What is wrong with a blob, by reading it. */
async function faultOf(
  blobs: string,
  file: FileDigest,
  made: Date,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const { size } = await stat(blobFile(blobs, file.digest));
    if (size !== file.size) return `it has ${size} bytes`;
    return (await isSound(blobs, file, made, signal)) ? undefined : 'its content has another digest';
  } catch (error) {
    signal?.throwIfAborted();
    return `it cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`;
  }
}

function everyFile(record: ResultRecord): Suspicion[] {
  return Object.entries(record.outputs).flatMap(([port, output]) =>
    Object.entries(output.files).map(([role, file]) => ({ port, role, file, kind: 'touched' as const })),
  );
}

/** Names in `quarantine/` begin with the digest that the content should have had. */
function wasSetAside(dir: string, { digest }: FileDigest): boolean {
  return namesIn(path.join(dir, 'quarantine')).some((name) => name.startsWith(digest));
}

/** Out of the way but not lost: someone may want to see what happened to it. A store that cannot be written keeps it. */
async function quarantine(dir: string, file: FileDigest): Promise<void> {
  const folder = path.join(dir, 'quarantine');
  try {
    await makeFolder(folder);
    await rename(blobFile(path.join(dir, 'blobs'), file.digest), path.join(folder, `${file.digest}-${Date.now()}`));
  } catch {
    // The record is not used either way; the step runs again and puts a sound blob in its place if it can.
  }
}
