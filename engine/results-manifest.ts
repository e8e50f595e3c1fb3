import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { writeAtomic } from '../cache/atomic-file.js';
import { makeFolder } from '../cache/make-folder.js';
import { ownedName } from '../cache/work-folders.js';

const FILE = '.voxreel.json';
const FORMAT = 1;

/** Folder below the results of an experiment for what is being written; there only while somebody writes. */
export const UNFINISHED = '.unfinished';

/** What was written for one member of an output. */
export interface PublishedEntry {
  readonly digest: string;
  /** Key of the result; empty for a user's file that is an output. */
  readonly key: string;
  readonly files: readonly WrittenFile[];
}

/** Path relative to the folder of the output (or to the results folder), size in bytes, sha256. */
export type WrittenFile = readonly [file: string, size: number, digest: string];

/** The files about the results as a whole, and what they were made from. */
export interface WrittenDescription {
  readonly of: string;
  /** That part of it which is about the results alone. */
  readonly ofResults: string;
  readonly files: readonly WrittenFile[];
}

/**
 * The list of what voxreel wrote into a results folder: what is up to date need not be written again, and what no
 * workflow asks for any more may be removed. Files that are not on the list are the user's and are left alone.
 */
export interface Manifest {
  /** Output to stem to entry. */
  readonly outputs: Map<string, Map<string, PublishedEntry>>;
  description?: WrittenDescription;
  save(): Promise<void>;
}

/** Reads the manifest of a results folder. One of another version of voxreel lists files but makes nothing up to date. */
export function openManifest(root: string, version: string): Manifest {
  const outputs = new Map<string, Map<string, PublishedEntry>>();
  const content = read(path.join(root, FILE));
  if (content?.format === FORMAT) {
    const current = content.voxreel === version;
    for (const [output, entries] of Object.entries(content.outputs)) {
      const list = Object.entries(entries).map(
        ([stem, entry]) => [stem, current ? entry : { ...entry, digest: '' }] as const,
      );
      outputs.set(output, new Map(list));
    }
  }
  return {
    outputs,
    ...(content?.description ? { description: content.description } : {}),
    async save() {
      const plain = Object.fromEntries([...outputs].map(([output, entries]) => [output, Object.fromEntries(entries)]));
      const { description } = this;
      const text = JSON.stringify({ format: FORMAT, voxreel: version, outputs: plain, description });
      const temporary = path.join(root, UNFINISHED, ownedName());
      await makeFolder(path.dirname(temporary));
      await writeAtomic(path.join(root, FILE), text, temporary);
    },
  };
}

/** Whether the files of an entry are all there with the sizes they had. */
export function isComplete(dir: string, entry: { readonly files: readonly WrittenFile[] }): boolean {
  return entry.files.every(
    ([file, size, digest]) =>
      digest !== undefined && statSync(`${dir}/${file}`, { throwIfNoEntry: false })?.size === size,
  );
}

interface Content {
  readonly format: number;
  readonly voxreel: string;
  readonly outputs: Readonly<Record<string, Readonly<Record<string, PublishedEntry>>>>;
  readonly description?: WrittenDescription;
}

function read(file: string): Content | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
