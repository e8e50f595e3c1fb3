import { rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact } from '../artifacts/artifact.js';
import { UserError } from '../artifacts/user-error.js';
import { hashFile } from '../cache/digest.js';
import { folderError } from '../cache/folder-error.js';
import type { Lease, LeaseTiming } from '../cache/leases.js';
import { makeFolder } from '../cache/make-folder.js';
import { ownedName, removeAbandoned } from '../cache/work-folders.js';
import { type DescribeResults, describeResults, isDescribed } from './describe-results.js';
import type { Emit } from './events.js';
import { takeTurn } from './publishing-turn.js';
import { stemsOf } from './result-names.js';
import { isComplete, type Manifest, openManifest, type PublishedEntry, UNFINISHED } from './results-manifest.js';
import { type Origin, sidecar, sidecarOwners } from './sidecar.js';
import type { Registry } from './step-type.js';
import { voxreelVersion } from './version.js';

/** Members that are written at once; writing is mostly compression, which runs on other threads. */
const WRITERS = 4;

/** One member of an output. */
export interface Member {
  readonly label?: string;
  readonly entities?: Readonly<Record<string, string>>;
  /** Absent when it could not be made this time: what an earlier run published of it then stays. */
  readonly artifact?: Artifact;
  readonly made?: Origin;
}

export interface PublishOptions {
  readonly workflow: string;
  readonly experiment: string;
  /** The folder of this workflow and experiment. */
  readonly root: string;
  readonly registry: Registry;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Says what the results as a whole are and how they came to be. */
  readonly describe?: DescribeResults;
  readonly leaseTiming: LeaseTiming | undefined;
}

/**
 * Brings the results folder in line with the outputs: `<root>/<output>/<stem>…`. What the manifest says is up to date is
 * not touched. The rest is written to a temporary folder beside, and moved in when it is complete; before that the
 * manifest forgets it, so an interruption can only lead to writing it again, never to a stale file taken for a new one.
 * Runs that write into one folder do so one after the other.
 * An abort of `signal` is waited for by nobody: what is being written then is removed. Returns what went wrong, by output.
 */
export async function publish(
  outputs: ReadonlyMap<string, readonly Member[]>,
  options: PublishOptions,
): Promise<ReadonlyMap<string, unknown>> {
  const { root } = options;
  await removeAbandoned(path.join(root, UNFINISHED));
  const manifest = openManifest(root, voxreelVersion());
  let turn: Lease | undefined;
  try {
    if (isCurrent(outputs, manifest, options)) {
      if (!options.signal.aborted) for (const output of outputs.keys()) tell(output, 0, manifest, options);
      return new Map();
    }
    try {
      turn = await takeTurn(root, options);
    } catch (error) {
      const failure = folderError(error, root, 'the results folder');
      return new Map([...outputs.keys()].map((output) => [output, failure]));
    }
    // Read again: whoever had the turn before may have changed it.
    return turn ? await bringInLine(outputs, openManifest(root, voxreelVersion()), options) : new Map();
  } finally {
    await turn?.release();
    await rmdir(path.join(root, UNFINISHED)).catch(() => undefined);
  }
}

/** Whether there is nothing to write or remove. */
function isCurrent(
  outputs: ReadonlyMap<string, readonly Member[]>,
  manifest: Manifest,
  { root, describe }: PublishOptions,
): boolean {
  for (const [output, members] of outputs) {
    const { outdated, gone } = changesOf(output, members, manifest, root);
    if (outdated.length + gone.length > 0) return false;
  }
  if ([...manifest.outputs.keys()].some((output) => !outputs.has(output))) return false;
  return !describe || isDescribed(root, manifest, describe);
}

function tell(output: string, written: number, manifest: Manifest, { root, emit }: PublishOptions): void {
  let files = 0;
  for (const entry of manifest.outputs.get(output)?.values() ?? []) files += entry.files.length;
  if (files > 0) emit({ type: 'published', output, files, written, dir: path.join(root, output) });
}

async function bringInLine(
  outputs: ReadonlyMap<string, readonly Member[]>,
  manifest: Manifest,
  options: PublishOptions,
): Promise<ReadonlyMap<string, unknown>> {
  const { root, signal } = options;
  const failures = new Map<string, unknown>();
  for (const [output, members] of outputs) {
    if (signal.aborted) break;
    try {
      const written = await publishOutput(output, members, manifest, options);
      tell(output, written, manifest, options);
    } catch (error) {
      if (signal.aborted) break;
      failures.set(output, folderError(error, root, 'the results folder'));
    }
  }
  if (!signal.aborted) {
    try {
      await removeOthers(root, manifest, outputs);
      if (options.describe) await describeResults(root, manifest, options.describe);
    } catch (error) {
      failures.set('ro-crate-metadata.json', folderError(error, root, 'the results folder'));
    }
  }
  return failures;
}

/** What of an output is not as it should be: members to be written, and stems that no member has any more. */
function changesOf(output: string, members: readonly Member[], manifest: Manifest, root: string) {
  const dir = path.join(root, output);
  const before = manifest.outputs.get(output) ?? new Map<string, PublishedEntry>();
  const stems = stemsOf(output, members);
  const outdated = members
    .map((member, index) => ({ member, stem: stems[index]! }))
    .filter(({ member: { artifact, made }, stem }) => {
      const entry = before.get(stem);
      if (!artifact) return false;
      return entry?.digest !== artifact.digest || entry.key !== (made?.key ?? '') || !isComplete(dir, entry);
    });
  const gone = [...before.keys()].filter((stem) => !stems.includes(stem));
  return { dir, before, stems, outdated, gone };
}

async function publishOutput(
  output: string,
  members: readonly Member[],
  manifest: Manifest,
  options: PublishOptions,
): Promise<number> {
  const { dir, before, stems, outdated, gone } = changesOf(output, members, manifest, options.root);
  if (outdated.length === 0 && gone.length === 0) return 0;

  await makeFolder(dir);
  const temporary = path.join(options.root, UNFINISHED, ownedName());
  try {
    const prepared: { stem: string; folder: string; entry: PublishedEntry }[] = [];
    const preparing = inParallel(outdated, async ({ member, stem }, index) => {
      options.signal.throwIfAborted();
      const folder = path.join(temporary, String(index));
      await makeFolder(folder);
      prepared[index] = { stem, folder, entry: await prepare(member, stem, folder, options) };
    });
    await orAborted(preparing, options.signal);
    const after = new Map(
      [...before].filter(([stem]) => !gone.includes(stem) && !prepared.some((p) => p.stem === stem)),
    );
    manifest.outputs.set(output, new Map(after));
    await manifest.save();
    for (const { stem, folder, entry } of prepared) {
      for (const [file] of entry.files) {
        await makeFolder(path.dirname(path.join(dir, file)));
        await rename(path.join(folder, file), path.join(dir, file));
      }
      after.set(stem, entry);
    }
    const kept = new Set([...after.values()].flatMap(({ files }) => files.map(([file]) => file)));
    for (const entry of before.values()) {
      for (const [file] of entry.files) if (!kept.has(file)) await rm(path.join(dir, file), { force: true });
    }
    // In the order of the members, so that the same results give the same manifest.
    manifest.outputs.set(
      output,
      new Map(stems.filter((stem) => after.has(stem)).map((stem) => [stem, after.get(stem)!])),
    );
    await manifest.save();
    return prepared.reduce((sum, { entry }) => sum + entry.files.length, 0);
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

/** Lets the artifact's type write its files into `folder`, and writes their sidecars. */
async function prepare(
  { artifact, made }: Member,
  stem: string,
  folder: string,
  { registry, workflow, experiment, signal }: PublishOptions,
): Promise<PublishedEntry> {
  const type = registry.artifacts.get(artifact!.type);
  if (!type?.publish) throw new UserError({ message: `${artifact!.origin}: a ${artifact!.type} cannot be an output` });
  const files = await type.publish(artifact!, { dir: folder, stem, signal });
  const names = files.map(({ path: file }) => path.relative(folder, file));
  const outside = names.find((name) => name.startsWith('..') || path.isAbsolute(name));
  if (outside !== undefined) throw new Error(`artifact type ${type.name} published outside of its folder: ${outside}`);
  const sidecars = sidecarOwners(names);
  const context = { workflow, experiment, version: voxreelVersion(), ...(made ? { made } : {}) };
  for (const [name, owner] of sidecars) {
    const content = sidecar(files[names.indexOf(owner)]!, artifact!, context);
    await writeFile(path.join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  const written = [...names, ...sidecars.keys()].map(async (name) => {
    const { size, digest } = await hashFile(path.join(folder, name), { signal });
    return [name, size, digest] as const;
  });
  return { digest: artifact!.digest, key: made?.key ?? '', files: await Promise.all(written) };
}

/** Removes what was published for outputs that the workflow no longer has. */
async function removeOthers(root: string, manifest: Manifest, outputs: ReadonlyMap<string, unknown>): Promise<void> {
  const others = [...manifest.outputs.keys()].filter((output) => !outputs.has(output));
  if (others.length === 0) return;
  for (const output of others) {
    const dir = path.join(root, output);
    const files = [...manifest.outputs.get(output)!.values()].flatMap((entry) => entry.files.map(([file]) => file));
    for (const file of files) await rm(path.join(dir, file), { force: true });
    const folders = new Set(files.map((file) => path.dirname(path.join(dir, file))));
    // A folder in which the user keeps something else is not empty, and stays.
    for (const folder of [...folders, dir]) await rmdir(folder).catch(() => undefined);
    manifest.outputs.delete(output);
  }
  await manifest.save();
}

/** Rejects as soon as the signal aborts; what is still being done is then left to itself. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  work.catch(() => undefined);
  aborted.catch(() => undefined);
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: Math.min(WRITERS, items.length) }, worker));
}
