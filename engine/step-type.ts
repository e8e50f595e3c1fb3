import type { Artifact, ArtifactType, JsonSchema, Produced } from '../artifacts/artifact.js';
import type { Problem } from '../artifacts/user-error.js';
import type { Pool } from '../numerics/pool.js';
import type { MethodsFacts, MethodsText } from './methods/text.js';

export interface InputPort {
  /** Artifact types that may be wired here. */
  readonly type: string | readonly string[];
  readonly description: string;
  /** Takes every member of a fan-out at once, in the order of the items; a single artifact arrives as a list of one. */
  readonly list?: boolean;
  readonly optional?: boolean;
}

export interface OutputPort {
  readonly type: string;
  readonly description: string;
}

export interface Ports {
  readonly inputs: Readonly<Record<string, InputPort>>;
  /** The first is what a bare `steps.name` means; others are `steps.name.port`. */
  readonly outputs: Readonly<Record<string, OutputPort>>;
}

/** Parameters of a step type: a JSON Schema object whose properties have `description`, `default`, and `unit` where there is one. */
export interface ParamsSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

export interface Needs {
  /** Cores it keeps busy itself (native threads). Work sent to the pool is not counted. Default 1. */
  readonly cores?: number;
  /** Rough peak memory. Default 256. */
  readonly memoryMB?: number;
}

export interface StepContext<P = Record<string, unknown>> {
  /** Defaults filled in, references resolved, checked against the schema. */
  readonly params: P;
  /** By port. Optional ports that are not wired are absent; `list` ports always hold a list. */
  readonly inputs: Readonly<Record<string, Artifact | readonly Artifact[]>>;
  /** Empty folder for everything the step writes. Files named in the result move to the store, the rest is deleted. */
  readonly workDir: string;
  /** `fit[sub-01]`, for messages. */
  readonly instance: string;
  /** Threads the user allows this step (native sessions, ffmpeg). Never part of a result. */
  readonly threads: number;
  /** Aborts on SIGINT, failure of the run, or time-out. Long loops and child processes must honour it within 2 s. */
  readonly signal: AbortSignal;
  readonly pool: Pool;
  /** Honest progress: units of work done so far and in total. */
  progress(done: number, total: number, unit: string): void;
  /** Something the user should know though the step goes on (`23 of 4224 kernels have no variance; left out`). Kept with the result and shown on cached runs too. */
  note(message: string): void;
}

/** A step as somebody writes it under `steps`, without `uses`. */
export interface StepExample {
  readonly name: string;
  readonly foreach?: string;
  readonly in?: Readonly<Record<string, string | readonly string[]>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** A step type: its declaration reads as its documentation, `run` does the work. */
export interface StepType<P = any> extends Ports {
  readonly name: string;
  /** Raised whenever the same inputs would give another result. Part of the key. */
  readonly version: number;
  /** One line. */
  readonly title: string;
  /** Markdown: what it computes, formulas, conventions. */
  readonly description: string;
  /** Papers and documents behind it. */
  readonly sources?: readonly string[];
  /** For its page and for editors. */
  readonly example?: StepExample;
  readonly params: ParamsSchema;
  /** For step types whose ports are written in the workflow file (`command`). */
  dynamicPorts?(params: P): Ports;
  /** Rules that a schema cannot express. `keys` are relative to `with`. Called before anything runs. */
  checkParams?(params: P): readonly Problem[];
  needs?(params: P): Needs;
  /** Identity of outside tools that change the result (`{ ffmpeg: '5.1.9' }`). Part of the key. */
  tools?(params: P): Promise<Readonly<Record<string, string>>>;
  /** What it did in words, for the methods section of a paper; a text alone stands under "Other steps". Imported inside, as `run`. */
  methods?(facts: MethodsFacts<P>): Promise<MethodsText | string>;
  /** Heavy modules are imported inside, so that declarations stay cheap to load. */
  run(context: StepContext<P>): Promise<Readonly<Record<string, Produced>>>;
}

/** The step types and artifact types a workflow may use. The engine gets it as a value and knows none by name. */
export interface Registry {
  readonly steps: ReadonlyMap<string, StepType>;
  readonly artifacts: ReadonlyMap<string, ArtifactType>;
}

/** Returns the one artifact at a port (the engine has checked that it is there). */
export function one(inputs: StepContext['inputs'], port: string): Artifact {
  return inputs[port] as Artifact;
}

/** Returns the list at a `list` port. */
export function many(inputs: StepContext['inputs'], port: string): readonly Artifact[] {
  return inputs[port] as readonly Artifact[];
}
