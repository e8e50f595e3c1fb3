import type { Json, JsonObject } from '../artifacts/artifact.js';
import type { Problem } from '../artifacts/user-error.js';

/** Why an instance runs, or does not. Compared with the last result of the instance, in whichever experiment. */
export type Reason =
  | { readonly kind: 'cached' }
  | { readonly kind: 'first-time' }
  | { readonly kind: 'param-changed'; readonly name: string; readonly before: Json; readonly after: Json }
  | {
      readonly kind: 'input-changed';
      readonly port: string;
      /** Of a member of a list port. */
      readonly label?: string;
      /** The user's file, or the instance whose output it is. */
      readonly origin: string;
      /** `added`, `removed` and `reordered` are about the members of a list port. */
      readonly change: 'changed' | 'added' | 'removed' | 'reordered';
      /** Of a user's input: its files that have another content, with the time when they were last modified. */
      readonly files?: readonly { readonly path: string; readonly modified?: string }[];
      /** Of a user's input: what is known about it besides its files (a TR) and has another value. */
      readonly facts?: readonly { readonly name: string; readonly before: Json; readonly after: Json }[];
      /** When the result was made that is compared with, ISO 8601. */
      readonly since?: string;
    }
  | { readonly kind: 'step-version'; readonly before: number; readonly after: number }
  | { readonly kind: 'tool-changed'; readonly tool: string; readonly before: string; readonly after: string }
  | { readonly kind: 'damaged'; readonly detail: string }
  /** Its last result is no longer in the store; `when` a `cache gc` removed it (ISO 8601), if one did. */
  | { readonly kind: 'collected'; readonly when?: string }
  /** The user wants it to run: `--force` or, for what comes after it, `--from`. */
  | { readonly kind: 'forced' }
  /** Runs only if what comes before it gives other bytes than last time. */
  | { readonly kind: 'upstream'; readonly instances: readonly string[] };

/** Everything that happens in a run, in order. Terminal, JSON lines and reports are readers of this stream. */
export type RunEvent = { readonly time: number } & (
  | {
      readonly type: 'planned';
      readonly workflow: string;
      readonly experiment: string;
      readonly instances: number;
      readonly cached: number;
    }
  | { readonly type: 'started'; readonly instance: string; readonly step: string; readonly reasons: readonly Reason[] }
  | {
      readonly type: 'progress';
      readonly instance: string;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
    }
  | {
      /** It failed and is tried again; `attempt` (from 2) of at most `attempts`. */
      readonly type: 'retried';
      readonly instance: string;
      readonly attempt: number;
      readonly attempts: number;
      readonly problems: readonly Problem[];
    }
  /** Another run on the same store makes its result; for `outputs`: publishes into the same folder. `host` is where. */
  | { readonly type: 'waiting'; readonly instance: string; readonly host: string }
  | { readonly type: 'note'; readonly instance: string; readonly message: string }
  /** `fetched`: it came from the remote cache just now. */
  | { readonly type: 'hit'; readonly instance: string; readonly key: string; readonly fetched?: true }
  | {
      readonly type: 'finished';
      readonly instance: string;
      readonly key: string;
      readonly seconds: number;
      readonly outputs: JsonObject;
    }
  | {
      readonly type: 'failed';
      readonly instance: string;
      readonly problems: readonly Problem[];
      readonly stack?: string;
    }
  | { readonly type: 'skipped'; readonly instance: string; readonly because: string }
  | {
      readonly type: 'published';
      readonly output: string;
      /** Files of this output in the results folder, and how many of them were written now (0: all were up to date). */
      readonly files: number;
      readonly written: number;
      readonly dir: string;
    }
  /** Of one of several experiments that ran together: how it ended. What another made for it counts as cached. */
  | ({
      readonly type: 'experiment';
      readonly experiment: string;
      /** Those of the cached that ran for an experiment told before. */
      readonly shared: number;
      /** Where its results are. */
      readonly dir: string;
    } & Totals)
  | ({ readonly type: 'ended' } & Totals)
);

/** How a run ended. Counts are of instances. */
export interface Totals {
  readonly ok: boolean;
  readonly interrupted: boolean;
  readonly ran: number;
  readonly cached: number;
  readonly failed: number;
  readonly skipped: number;
  /** Wall time. */
  readonly seconds: number;
}

/** Tells an event; the time is added. */
export type Emit = (event: DistributiveOmit<RunEvent, 'time'>) => void;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
