import type { Artifact, Produced } from '../../artifacts/artifact.js';
import type { StepNode } from '../workflow.js';

/** One step instance with everything it needs. All of it is data, so that it can be carried to another machine. */
export interface Job {
  readonly instance: string;
  readonly step: StepNode;
  readonly inputs: Readonly<Record<string, Artifact | readonly Artifact[]>>;
  /** Empty folder; what the job makes is below it. */
  readonly workDir: string;
  readonly threads: number;
}

export interface JobEvents {
  progress(done: number, total: number, unit: string): void;
  note(message: string): void;
}

/** Where step instances run. */
export interface Executor {
  /** Runs a job and returns its outputs by port. Rejects with what the step threw, or when `signal` aborts. */
  execute(job: Job, events: JobEvents, signal: AbortSignal): Promise<Readonly<Record<string, Produced>>>;
  close(): Promise<void>;
}
