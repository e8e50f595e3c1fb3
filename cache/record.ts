import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../artifacts/artifact.js';
import type { FileDigest } from './digest.js';

/** Raised when the layout of a record changes; records of another format are as good as absent. */
export const RECORD_FORMAT = 1;

/** One output of a step instance as the store keeps it. */
export interface StoredOutput {
  readonly type: string;
  readonly digest: string;
  readonly meta: JsonObject;
  /** Role to the blob with its content. */
  readonly files: Readonly<Record<string, FileDigest>>;
}

/** The result of a key. */
export interface ResultRecord {
  readonly format: number;
  readonly key: string;
  readonly outputs: Readonly<Record<string, StoredOutput>>;
  /** What the step wanted the user to know; shown again when the result is used again. */
  readonly notes: readonly string[];
  /** Wall time the step took. */
  readonly seconds: number;
  /** When the record was written, ISO 8601. No blob of an intact result was modified later than this. */
  readonly made: string;
}

/** What the store keeps under a key. */
export interface StoreRecord extends ResultRecord {
  /** What went into the key, so that a later change can be explained. The store does not look inside. */
  readonly ingredients: JsonObject;
  /** What the user's files were, in finer detail than `ingredients`; for explanations only. */
  readonly sources?: JsonObject;
}

const TEXT = { encoding: 'utf8' } as const;

export function recordFile(records: string, key: string): string {
  return path.join(records, key.slice(0, 2), `${key}.json`);
}

/** The record of a key; undefined when there is none; a text that says what is wrong when it cannot be used. */
export function readRecord(records: string, key: string): StoreRecord | string | undefined {
  let text: string;
  try {
    // Plain concatenation: this line runs once per instance of a workflow, and path.join is half its cost.
    text = readFileSync(`${records}/${key.slice(0, 2)}/${key}.json`, TEXT);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : `its record cannot be read (${code})`;
  }
  try {
    const record = JSON.parse(text) as StoreRecord;
    if (record.format !== RECORD_FORMAT) return undefined;
    return record.key === key ? record : 'its record belongs to another key';
  } catch {
    return 'its record is damaged (not JSON)';
  }
}
