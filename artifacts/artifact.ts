/** Plain JSON data, the only kind of value that artifacts and events carry besides files. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A JSON Schema (2020-12) fragment. `unit` is our own annotation: the unit of a number (`s`, `mm`, `Hz`, `volumes`). */
export type JsonSchema = { readonly [key: string]: unknown };

/** Something that flows along a wire: immutable files with roles, and the facts needed to read them. */
export interface Artifact {
  /** Name of the artifact type, for example `bold`. */
  readonly type: string;
  /** sha256 (hex) over type, `meta` and the content digests of `files`; never over paths or times. */
  readonly digest: string;
  /** What a reader needs besides the files (TR, units, statistic). Part of the digest. */
  readonly meta: JsonObject;
  /** Role to absolute path, for example `{ 'image.nii.gz': '/…/blobs/ab/cd…' }`. Roles are part of the digest, paths are not. */
  readonly files: Readonly<Record<string, string>>;
  /** Who it belongs to in a fan-out (`sub-01`, `sub-01_run-2`). Not part of the digest. */
  readonly label?: string;
  /** BIDS entities of a fan-out item, for names of results (`{ sub: '01', task: 'pixar' }`). */
  readonly entities?: Readonly<Record<string, string>>;
  /** What a message calls it: the user's own path, or `steps.fit[sub-01]`. */
  readonly origin: string;
}

/** What a step or an input resolver hands to the engine, before it has a digest. */
export interface Produced {
  readonly meta?: JsonObject;
  /** Role to absolute path. From a step: below its work folder (the engine moves them into the store). */
  readonly files: Readonly<Record<string, string>>;
}

/** A user's file or folder as an artifact-to-be; the engine hashes the files. */
export interface ResolvedInput extends Produced {
  readonly type: string;
  readonly label?: string;
  readonly entities?: Readonly<Record<string, string>>;
  readonly origin: string;
}

/** One member of a collection input such as `bids`: `foreach: inputs.bold` makes one instance per item. */
export interface ResolvedItem {
  readonly label: string;
  readonly entities: Readonly<Record<string, string>>;
  /** Wired as `item.bold`, `item.mask`, `item.confounds`. A port that this item lacks is left out. */
  readonly ports: Readonly<Record<string, ResolvedInput>>;
}

export interface InputContext {
  /** Folder of the workflow file; relative paths start here. */
  readonly baseDir: string;
  /** The folder that a relative path at these keys of the input starts in, where it is another: an included file's. */
  readonly folderOf?: (keys: readonly (string | number)[]) => string;
  /** Name of the entry under `inputs`. */
  readonly name: string;
  /** Something the user should know though the input was found (`sub-03 left out: mean framewise displacement 0.71 mm`). */
  note?(message: string): void;
}

/** How an entry under `inputs` of this type is written and found. */
export interface InputDeclaration<Spec = Record<string, unknown>> {
  /** Properties allowed beside `type`, as JSON Schema properties with descriptions; and which of them must be there. */
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** For a collection: the ports that its items may have, with their artifact types. */
  readonly items?: Readonly<Record<string, string>>;
  /**
   * Finds the files; reads headers and sidecars, never image data. Throws UserError with `keys` relative to the
   * entry (`['path']`) so that the message can point into the workflow file.
   */
  resolve(spec: Spec, context: InputContext): Promise<ResolvedInput | readonly ResolvedItem[]>;
}

/** One file of a published result. The engine writes `<file>.json`-like sidecars from it. */
export interface PublishedFile {
  /** Absolute path, below the folder of the target. */
  readonly path: string;
  readonly description: string;
  readonly units?: string;
  /** More facts for the sidecar (statistic, degrees of freedom, threshold, `Untrained: true`). */
  readonly facts?: JsonObject;
}

export interface PublishTarget {
  /** Existing folder to write into. */
  readonly dir: string;
  /** Start of every file name, BIDS-like, without trailing underscore: `sub-01_task-pixar` or `group`. */
  readonly stem: string;
  /** Ends long writing; what was written is removed. */
  readonly signal?: AbortSignal;
}

/** A type of artifact: what it is on disk, how a user names one, how it is checked and published. */
export interface ArtifactType {
  readonly name: string;
  /** One line for lists and messages, for example `BOLD time series (4D NIfTI)`. */
  readonly title: string;
  /** Markdown: files, shapes, units. */
  readonly description: string;
  readonly input?: InputDeclaration;
  /** Cheap structural check of what a step produced, before it may enter the store. Throws UserError. */
  check?(produced: Produced): Promise<void>;
  /** Writes files that other programs open. Types without it cannot be named under `outputs`. */
  publish?(artifact: Artifact, target: PublishTarget): Promise<readonly PublishedFile[]>;
}
