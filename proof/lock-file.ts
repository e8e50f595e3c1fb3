import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Json } from '../artifacts/artifact.js';
import { UserError } from '../artifacts/user-error.js';
import type { Definition } from './definition.js';
import type { Environment } from './environment.js';
import type { Fingerprint } from './fingerprint.js';
import type { Tolerance } from './judge.js';

/** Raised when a lock file of this layout can no longer be read by older versions. */
export const LOCK_FORMAT = 1;

/** A line that is longer is broken at the members of its object. */
const WIDTH = 100;

export interface LockedContent extends Fingerprint {
  /** Instead of the default: asked for when the lock was made, or learned from noise on the inputs. */
  readonly tolerance?: Tolerance;
}

export interface LockedValue {
  readonly type: string;
  /** Of type and contents; the first 16 hex digits of a sha256. */
  readonly digest: string;
  /** Of a result: its key in the cache where the lock was made. */
  readonly key?: string;
  readonly contents: Readonly<Record<string, LockedContent>>;
}

/** What a study gave, without the data. */
export interface Lock {
  readonly format: number;
  readonly about: string;
  readonly definition: Definition;
  /** What computed it; programs of steps as `<step>: <program>`. */
  readonly environment: Environment;
  /** Where tolerances were learned: from how many runs, and by noise on which inputs. */
  readonly learned?: { readonly runs: number; readonly noiseOn: readonly string[] };
  readonly inputs: Readonly<Record<string, LockedValue>>;
  /** Every result of every step, in an order in which each comes after what it was made from. */
  readonly results: Readonly<Record<string, LockedValue>>;
}

/** `study.lock.json` beside `study.yaml`; of an experiment `study.glover.lock.json`. */
export function lockFileOf(workflow: { readonly file: string; readonly experiment: string }): string {
  const { dir, name } = path.parse(workflow.file);
  const experiment = workflow.experiment === 'default' ? '' : `.${workflow.experiment}`;
  return path.join(dir, `${name}${experiment}.lock.json`);
}

/** The lock that a new one replaces; undefined where there is none that can be read. */
export async function readFormerLock(file: string): Promise<Lock | undefined> {
  return readLock(file).catch((error) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
}

/** @throws UserError for a file that is absent, damaged or of another format */
export async function readLock(file: string): Promise<Lock> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError({
      message: code === 'ENOENT' ? 'there is no lock file' : `the lock file cannot be read (${code})`,
      place: { file },
      hint: '`voxreel lock` writes it.',
    });
  }
  let lock: Lock;
  try {
    lock = JSON.parse(text);
  } catch (error) {
    throw new UserError({
      message: /^(<<<<<<<|=======|>>>>>>>)/m.test(text)
        ? 'the lock file holds both sides of a merge conflict'
        : `the lock file is damaged: ${(error as Error).message}`,
      place: { file },
      hint: 'Take one side, or write it again with `voxreel lock`.',
    });
  }
  if (lock?.format !== LOCK_FORMAT || !lock.definition?.steps || !lock.results || !lock.inputs || !lock.environment) {
    throw new UserError({
      message: `this is no lock file that this version of voxreel reads (format ${lock?.format ?? 'unknown'})`,
      place: { file },
      expected: `format ${LOCK_FORMAT}`,
      hint: 'Write it again with `voxreel lock`.',
    });
  }
  return lock;
}

/** The text of a lock file: what may change alone has a line of its own. */
export function lockText(lock: Lock): string {
  return `${laidOut(lock as unknown as Json, '', 4)}\n`;
}

/** JSON whose objects are written over several lines down to a depth, where they do not fit one. */
function laidOut(value: Json, indent: string, depth: number): string {
  const inline = JSON.stringify(value);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || depth === 0 || (inline.length <= WIDTH && depth < 3) || inline === '{}') return inline;
  const inner = `${indent}  `;
  const members = Object.entries(value).map(
    ([key, one]) => `${inner}${JSON.stringify(key)}: ${laidOut(one as Json, inner, depth - 1)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}
