import path from 'node:path';
import { UserError } from '../artifacts/user-error.js';
import { artifactDigest, type FileDigest, hashFile } from './digest.js';
import { type HttpClient, HttpStatusError, httpClient } from './http.js';
import { RECORD_FORMAT, type StoredOutput, type StoreRecord } from './record.js';
import type { Store } from './store.js';

/** A shared cache behind a plain web server. */
export interface RemoteOptions {
  /** Records are at `<url>/ac/<key>`, blobs at `<url>/cas/<sha256>`, as in Bazel's HTTP cache. */
  readonly url: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
  /** Results are taken from it, none are given to it. Default false. */
  readonly readOnly?: boolean;
  /** A server that is silent for so long is not asked again. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Transfers at once: enough for a link, and no burden to a small server. */
const TRANSFERS = 4;
const HEX = /^[0-9a-f]{64}$/;

/** A result that has come from a remote cache, its files still outside of the store. */
export interface Fetched {
  readonly record: StoreRecord;
  /** Digest to file, those that the store does not have yet. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * A remote cache. None of its faults is a failure of a run: it is told once to `onTrouble`, and a server that does not
 * answer is not asked again. What comes from it is used only if it has the digests that its record says.
 */
export interface Remote {
  readonly url: string;
  readonly readOnly: boolean;
  /** @param dir an empty folder for its files */
  fetch(key: string, store: Store, dir: string): Promise<Fetched | undefined>;
  has(key: string): Promise<boolean>;
  /** Gives a result to the remote: blobs that it lacks, then the record. False if that did not work. */
  push(record: StoreRecord, store: Store): Promise<boolean>;
  close(): void;
}

/** @throws UserError for an address that is none */
export function openRemote(options: RemoteOptions, onTrouble: (message: string) => void, signal?: AbortSignal): Remote {
  const { readOnly = false, token, timeoutMs = 10_000 } = options;
  const base = addressOf(options.url);
  const client = httpClient(base, { timeoutMs, signal, ...(token === undefined ? {} : { token }) });
  const at = (kind: 'ac' | 'cas', digest: string) => new URL(`${kind}/${digest}`, base).href;
  /** It is not asked (`all`) or not given anything (`push`) any more. */
  let off: 'all' | 'push' | undefined;
  const trouble = (what: string, scope: 'all' | 'push') => {
    if (off === 'all' || off === scope || signal?.aborted) return;
    off = scope;
    onTrouble(`${base.host} ${what}`);
  };
  const failed = (error: unknown, scope: 'all' | 'push') => {
    const reason = error instanceof HttpStatusError ? error.message : faultText(error);
    const denied = error instanceof HttpStatusError && [401, 403].includes(error.status);
    const consequence = scope === 'push' ? 'nothing more is given to it' : 'it is not asked again in this run';
    trouble(`${reason}${denied ? ' (see VOXREEL_REMOTE_TOKEN)' : ''}; ${consequence}`, scope);
  };

  const gate = limited(TRANSFERS);
  const transfer = <T>(work: () => Promise<T>, scope: 'all' | 'push' = 'all') =>
    gate(async () => {
      // What waits when the server is found to be down must not wait for it again.
      if (off === 'all' || off === scope) throw new SwitchedOff();
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof WrongContent)) failed(error, scope === 'push' && isRefusal(error) ? 'push' : 'all');
        throw error;
      }
    });

  /** Blobs that are being given or were, so that results which share one do not all send it. */
  const given = new Map<string, Promise<void>>();
  /** Blobs that it has with another content than their digest says; they are given again. */
  const wrong = new Set<string>();
  const giveBlob = (digest: string, store: Store) =>
    transfer(async () => {
      const isThere = !wrong.has(digest) && (await client.has(at('cas', digest)));
      if (!isThere) await client.putFile(at('cas', digest), store.blob(digest));
    }, 'push');

  return {
    url: base.href,
    readOnly,
    async fetch(key, store, dir) {
      if (off === 'all') return undefined;
      try {
        const text = await transfer(() => client.getText(at('ac', key)));
        if (text === undefined) return undefined;
        const record = soundRecord(text, key);
        if (!record) {
          onTrouble(`${base.host} gave a record that is not one of ${key.slice(0, 12)}; it was not used`);
          return undefined;
        }
        const wanted = new Map<string, FileDigest>();
        for (const { files } of Object.values(record.outputs)) {
          for (const file of Object.values(files)) if (!(await store.has(file))) wanted.set(file.digest, file);
        }
        const files = new Map<string, string>();
        const downloads = [...wanted.values()].map(async (file) => {
          const target = path.join(dir, file.digest);
          if (await transfer(() => download(client, at('cas', file.digest), target, file)))
            files.set(file.digest, target);
        });
        // All of them, also after a fault: whoever called removes `dir`, which must not look like another fault.
        const faults = (await Promise.allSettled(downloads)).flatMap((one) =>
          one.status === 'rejected' ? [one.reason] : [],
        );
        if (faults.length > 0) throw faults.find((one) => one instanceof WrongContent) ?? faults[0];
        return files.size === wanted.size ? { record, files } : undefined;
      } catch (error) {
        if (error instanceof WrongContent) {
          wrong.add(error.digest);
          onTrouble(`${base.host} ${error.message}; it was not used`);
        }
        return undefined;
      }
    },
    async has(key) {
      if (off === 'all') return false;
      try {
        return await transfer(() => client.has(at('ac', key)));
      } catch {
        return false;
      }
    },
    async push(record, store) {
      if (off !== undefined || readOnly) return false;
      try {
        for (const { files } of Object.values(record.outputs)) {
          for (const { digest } of Object.values(files)) {
            const giving = given.get(digest) ?? giveBlob(digest, store);
            given.set(digest, giving);
            await giving;
          }
        }
        // Last, so that a record on the remote always has its blobs.
        await transfer(() => client.putText(at('ac', record.key), JSON.stringify(record)), 'push');
        return true;
      } catch {
        return false;
      }
    },
    close: () => client.close(),
  };
}

class WrongContent extends Error {
  constructor(
    message: string,
    readonly digest: string,
  ) {
    super(message);
  }
}
class SwitchedOff extends Error {}

/** It answers, but takes nothing. Some servers say so by closing the connection while the file is still being sent. */
function isRefusal(error: unknown): boolean {
  if (error instanceof HttpStatusError) return error.status < 500;
  return ['EPIPE', 'ECONNRESET'].includes((error as NodeJS.ErrnoException).code ?? '');
}

async function download(client: HttpClient, url: string, target: string, file: FileDigest): Promise<boolean> {
  if (!(await client.getFile(url, target))) return false;
  const found = await hashFile(target);
  if (found.digest === file.digest && found.size === file.size) return true;
  const message = `gave ${found.size} bytes with another digest for ${file.digest.slice(0, 12)}…`;
  throw new WrongContent(message, file.digest);
}

/** The record, if it is one of this key and its digests agree among each other. */
function soundRecord(text: string, key: string): StoreRecord | undefined {
  try {
    const record = JSON.parse(text) as StoreRecord;
    const outputs = Object.values(record.outputs);
    return record.format === RECORD_FORMAT && record.key === key && outputs.length > 0 && outputs.every(isSound)
      ? record
      : undefined;
  } catch {
    return undefined;
  }
}

/** Digests become names of files, so they must be nothing else. */
function isSound({ type, digest, meta, files }: StoredOutput): boolean {
  const entries = Object.values(files);
  return (
    entries.every((file) => HEX.test(file.digest) && Number.isSafeInteger(file.size)) &&
    digest === artifactDigest(type, meta, files)
  );
}

function addressOf(url: string): URL {
  let base: URL | undefined;
  try {
    base = new URL(url.endsWith('/') ? url : `${url}/`);
  } catch {
    // Told below.
  }
  if (base && (base.protocol === 'http:' || base.protocol === 'https:')) return base;
  throw new UserError({
    message: `the remote cache \`${url}\` is no address`,
    expected: 'http://… or https://…',
    hint: 'It comes from --remote or the environment variable VOXREEL_REMOTE.',
  });
}

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ENOTFOUND: 'is not known (wrong name, or no network)',
  EAI_AGAIN: 'is not known (wrong name, or no network)',
  ECONNRESET: 'broke off the connection',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
};

function faultText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ETIMEDOUT' ? `gave ${message}` : (FAULTS[code ?? ''] ?? `cannot be used (${message})`);
}

/** Runs so many pieces of work at a time; the others wait. */
function limited(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => queue.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running--;
    }
  };
}
