import type { Artifact, ResolvedInput } from '../artifacts/artifact.js';
import { type Problem, UserError } from '../artifacts/user-error.js';
import { artifactDigest, type FileDigest } from '../cache/digest.js';
import { openStatCache } from '../cache/stat-cache.js';
import type { Store } from '../cache/store.js';
import { type InputGuard, inputGuard } from './input-guard.js';
import type { Graph, Source } from './workflow.js';

/** Files that are read at once: enough to keep a disk busy while another block is hashed. */
const READERS = 4;

/** A user's file or files as an artifact. */
export interface UserArtifact extends Artifact {
  /** Of each file, by role. */
  readonly digests: Readonly<Record<string, FileDigest>>;
}

/** The user's files of a graph as artifacts, by the object that the graph holds. */
export type InputArtifacts = ReadonlyMap<ResolvedInput, UserArtifact>;

export interface DigestedInputs {
  readonly artifacts: InputArtifacts;
  /** Tells whether files were edited since they were digested. */
  readonly guard: InputGuard;
}

/**
 * Digests every file that the graph takes from the user: by the stat cache where the file has not changed, else by
 * reading it. Throws one UserError with all files that are missing, unreadable or folders.
 */
export async function digestInputs(graph: Graph, store: Store, signal?: AbortSignal): Promise<DigestedInputs> {
  const inputs = inputsOf(graph);
  const cache = openStatCache(store);
  const digests = new Map<string, FileDigest>();
  const unread = new Map<string, ResolvedInput>();
  const problems: Problem[] = [];

  for (const input of inputs) {
    for (const file of Object.values(input.files)) {
      if (digests.has(file) || unread.has(file)) continue;
      try {
        const known = cache.lookup(file);
        if (known) digests.set(file, known);
        else unread.set(file, input);
      } catch (error) {
        problems.push(unreadable(error, file, input));
      }
    }
  }
  const queue = [...unread];
  const reader = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [file, input] = next;
      signal?.throwIfAborted();
      try {
        digests.set(file, await cache.hash(file, signal));
      } catch (error) {
        signal?.throwIfAborted();
        problems.push(unreadable(error, file, input));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: READERS }, reader));
  } finally {
    // Only a time saver: a store that cannot be written still serves those who only read from it.
    await cache.save().catch(() => undefined);
  }
  if (problems.length > 0) throw new UserError(problems);
  const artifacts = new Map([...inputs].map((input) => [input, artifactOf(input, digests)]));
  return { artifacts, guard: inputGuard(cache) };
}

function inputsOf(graph: Graph): Set<ResolvedInput> {
  const inputs = new Set<ResolvedInput>();
  const add = (source: Source) => {
    if (source.kind === 'input') inputs.add(source.input);
  };
  for (const instance of graph.instances) {
    for (const port in instance.inputs) {
      const source = instance.inputs[port] as Source | readonly Source[];
      if (Array.isArray(source)) source.forEach(add);
      else add(source as Source);
    }
  }
  for (const sources of graph.outputs.values()) for (const { source } of sources) add(source);
  return inputs;
}

function artifactOf(input: ResolvedInput, digests: ReadonlyMap<string, FileDigest>): UserArtifact {
  const files: Record<string, FileDigest> = {};
  for (const role in input.files) files[role] = digests.get(input.files[role]!)!;
  const meta = input.meta ?? {};
  return {
    type: input.type,
    digest: artifactDigest(input.type, meta, files),
    meta,
    files: input.files,
    digests: files,
    origin: input.origin,
    ...(input.label === undefined ? {} : { label: input.label }),
    ...(input.entities === undefined ? {} : { entities: input.entities }),
  };
}

function unreadable(error: unknown, file: string, input: ResolvedInput): Problem {
  const place = { file };
  const what = input.origin === file ? `this ${input.type}` : `${input.type} ${input.origin}`;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { message: `${what} does not exist (any more)`, place, hint: 'Check the path in the workflow file.' };
    case 'EISDIR':
      return { message: `${what} is a folder`, place, expected: 'a file' };
    case 'EACCES':
    case 'EPERM':
      return { message: `${what} cannot be read: no permission`, place, hint: 'Give yourself read permission.' };
    case 'ETXTBSY':
      return { message: `${what} changes while it is read`, place, hint: 'Wait until it is complete, then run again.' };
    default:
      throw error;
  }
}
