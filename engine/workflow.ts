import type { Json, JsonSchema, ResolvedInput, ResolvedItem } from '../artifacts/artifact.js';
import type { Place } from '../artifacts/user-error.js';
import type { Ports, StepType } from './step-type.js';

/** A checked workflow file for one experiment: every name resolved, every wire type-checked, every parameter filled in. */
export interface Workflow {
  /** Absolute path of the file. */
  readonly file: string;
  /** All files it was read from: itself first, then what it includes and extends. */
  readonly files: readonly StudyFile[];
  /** Its folder; relative paths in it, the cache and the results start here. */
  readonly baseDir: string;
  readonly name: string;
  readonly about: About;
  /** Name of the experiment; `default` when none was asked for. Names the folder of the results. */
  readonly experiment: string;
  /** Values after experiment and command line overrides. */
  readonly params: Readonly<Record<string, Json>>;
  /** What the command line sets in steps and inputs: `fit.noise=ols`. */
  readonly set: readonly string[];
  /** What the file declares that they may be; part of no result. */
  readonly declared: Readonly<Record<string, JsonSchema>>;
  readonly inputs: ReadonlyMap<string, InputNode>;
  /** In an order in which every step comes after what it needs; the same file gives the same order. */
  readonly steps: readonly StepNode[];
  /** What is published under results/, by name. Without `outputs` in the file: every step that nothing else uses. */
  readonly outputs: ReadonlyMap<string, OutputNode>;
}

/** One of the files that a workflow was read from. */
export interface StudyFile {
  /** Absolute path. */
  readonly file: string;
  /** As it was when it was read. */
  readonly text: string;
  /** Where it lies in a copy of the study, with `/`. */
  readonly copy: string;
}

/** What the file says about the study; part of no result. */
export interface About {
  readonly description?: string;
  /** Of the results: an SPDX name (`CC-BY-4.0`), an address, or a sentence. */
  readonly license?: string;
  readonly authors: readonly Author[];
}

export interface Author {
  readonly name: string;
  /** `https://orcid.org/…` */
  readonly orcid?: string;
  readonly affiliation?: string;
}

export interface InputNode {
  readonly name: string;
  /** Artifact type, or collection such as `bids`. */
  readonly type: string;
  readonly spec: Readonly<Record<string, Json>>;
  readonly place: Place;
  /** Finds the line of a key inside the entry (`['path']`). */
  placeOf(keys: readonly (string | number)[]): Place;
}

/** What bounds the runs of a step's instances; no part of a result. */
export interface StepLimits {
  /** How often a failed instance is tried again. */
  readonly retries: number;
  /** s; none without it. */
  readonly timeout?: number;
  /** Instead of the step type's own estimate. */
  readonly memoryMB?: number;
}

export interface StepNode {
  readonly name: string;
  readonly type: StepType;
  readonly ports: Ports;
  /** Defaults filled in, `${params.x}` replaced. */
  readonly params: Readonly<Record<string, Json>>;
  /** What it fans out over; one instance per item, paired by label. */
  readonly foreach?: { readonly kind: 'input' | 'step'; readonly name: string };
  /** By port. */
  readonly wires: Readonly<Record<string, Wire | readonly Wire[]>>;
  readonly limits: StepLimits;
  readonly place: Place;
  placeOf(keys: readonly (string | number)[]): Place;
}

/** A bare reference: `inputs.movie`, `inputs.bold.mask` (that port of every item of a collection), `item.mask`, `steps.fit` or `steps.describe.table`. */
export type Wire =
  | { readonly kind: 'input'; readonly name: string; readonly port?: string; readonly place: Place }
  | { readonly kind: 'item'; readonly port: string; readonly place: Place }
  | { readonly kind: 'step'; readonly step: string; readonly port: string; readonly place: Place };

export interface OutputNode {
  readonly name: string;
  readonly wire: Wire;
  readonly place: Place;
}

/** Inputs with their files found, by name under `inputs`. */
export type ResolvedInputs = ReadonlyMap<string, ResolvedInput | readonly ResolvedItem[]>;

/** The workflow with every fan-out written out. */
export interface Graph {
  readonly workflow: Workflow;
  readonly inputs: ResolvedInputs;
  /** In an order in which every instance comes after what it needs. */
  readonly instances: readonly Instance[];
  readonly byId: ReadonlyMap<string, Instance>;
  readonly outputs: ReadonlyMap<string, readonly OutputSource[]>;
}

export interface Instance {
  /** `frames`, `fit[sub-01]`. */
  readonly id: string;
  readonly step: StepNode;
  /** Label and BIDS entities of its item in a fan-out. */
  readonly label?: string;
  readonly entities?: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, Source | readonly Source[]>>;
}

/** Where an instance gets an input from. */
export type Source =
  | { readonly kind: 'input'; readonly input: ResolvedInput }
  | { readonly kind: 'instance'; readonly id: string; readonly port: string };

export interface OutputSource {
  readonly source: Source;
  readonly label?: string;
  readonly entities?: Readonly<Record<string, string>>;
}
