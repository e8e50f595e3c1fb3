import type { Problem } from '../../artifacts/user-error.js';
import type { Reason, RunEvent } from '../../engine/events.js';

export interface Running {
  readonly instance: string;
  readonly reasons: readonly Reason[];
  /** Milliseconds, the events' clock. */
  readonly since: number;
  readonly progress?: { readonly done: number; readonly total: number; readonly unit: string };
}

export interface Note {
  readonly message: string;
  /** Every instance that said it, in order. */
  readonly instances: string[];
}

/** What a reader of the event stream knows about a run. Changed only by `apply`. */
export interface ProgressState {
  instances: number;
  cached: number;
  /** Of those, from the remote cache. */
  fetched: number;
  ran: number;
  skipped: number;
  /** Time of the first event; none yet. */
  started?: number;
  readonly running: Map<string, Running>;
  readonly failed: { readonly instance: string; readonly problems: readonly Problem[]; readonly stack?: string }[];
  readonly notes: Map<string, Note>;
  readonly published: Extract<RunEvent, { type: 'published' }>[];
  /** How each of several experiments ended. */
  readonly experiments: Extract<RunEvent, { type: 'experiment' }>[];
  ended?: Extract<RunEvent, { type: 'ended' }>;
}

export function emptyProgress(): ProgressState {
  return {
    instances: 0,
    cached: 0,
    fetched: 0,
    ran: 0,
    skipped: 0,
    running: new Map(),
    failed: [],
    notes: new Map(),
    published: [],
    experiments: [],
  };
}

/** Takes one event into the state. */
export function apply(state: ProgressState, event: RunEvent): void {
  state.started ??= event.time;
  switch (event.type) {
    case 'planned':
      state.instances += event.instances;
      break;
    case 'started':
      state.running.set(event.instance, { instance: event.instance, reasons: event.reasons, since: event.time });
      break;
    case 'progress': {
      const { done, total, unit } = event;
      const running = state.running.get(event.instance);
      if (running) state.running.set(event.instance, { ...running, progress: { done, total, unit } });
      break;
    }
    case 'note': {
      const note = state.notes.get(event.message) ?? { message: event.message, instances: [] };
      if (!note.instances.includes(event.instance)) note.instances.push(event.instance);
      state.notes.set(event.message, note);
      break;
    }
    case 'retried': {
      const running = state.running.get(event.instance);
      if (running) state.running.set(event.instance, { ...running, since: event.time });
      break;
    }
    case 'hit':
      state.running.delete(event.instance);
      state.cached += 1;
      if (event.fetched) state.fetched += 1;
      break;
    case 'finished':
      state.running.delete(event.instance);
      state.ran += 1;
      break;
    case 'failed':
      state.running.delete(event.instance);
      state.failed.push({
        instance: event.instance,
        problems: event.problems,
        ...(event.stack === undefined ? {} : { stack: event.stack }),
      });
      break;
    case 'skipped':
      state.running.delete(event.instance);
      state.skipped += 1;
      break;
    case 'published':
      state.published.push(event);
      break;
    case 'experiment':
      state.experiments.push(event);
      break;
    case 'ended':
      state.ended = event;
      state.running.clear();
      break;
  }
}
