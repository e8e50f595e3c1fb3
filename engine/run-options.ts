import type { LeaseTiming } from '../cache/leases.js';
import type { RemoteOptions } from '../cache/remote.js';
import type { Store } from '../cache/store.js';
import type { Pool } from '../numerics/pool.js';
import type { RunEvent } from './events.js';
import type { Plan } from './plan.js';
import type { Selection } from './selection.js';
import type { Registry } from './step-type.js';

export interface RunOptions {
  readonly store: Store;
  readonly registry: Registry;
  /** Worker threads; without it the run makes its own when a step needs them, with `cores` threads. */
  readonly pool?: Pool;
  /** Step instances at once. Default: as many as cores and memory allow. */
  readonly jobs?: number;
  /** Cores to use. Default: those this process may use. */
  readonly cores?: number;
  /** Memory for steps in MB, by what they declare. Default: 80 % of what the machine or container has. */
  readonly memoryMB?: number;
  /** Goes on with everything that does not depend on a failure. Default: finishes what is running and stops. */
  readonly keepGoing?: boolean;
  /** Reads every stored result that would be used and compares digests. Default false: sizes and times are compared. */
  readonly verify?: boolean;
  /** Ends the run within 2 s. What is finished is kept, what is not leaves no trace. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** Folder above `<workflow>/<experiment>/<output>/`. Default `results` beside the workflow file. */
  readonly resultsDir?: string;
  /** Ids of instances that run though their result is in the store. */
  readonly force?: ReadonlySet<string>;
  /** What was asked for, for the log of runs. */
  readonly selection?: Selection;
  /** A shared cache that is asked for results which the store lacks, and given those that are made. */
  readonly remote?: RemoteOptions;
  /** Only fetches from the remote; makes and publishes nothing. Default false. */
  readonly fetchOnly?: boolean;
  /** How soon a run that shares the store and gives no sign of life counts as dead. Default: after 10 s. */
  readonly leaseTiming?: LeaseTiming;
  /** Told what will run and why, before it does. */
  readonly onPlan?: (plan: Plan) => void;
}
