import { describeProblem } from '../artifacts/user-error.js';
import type { Reason, RunEvent } from '../engine/events.js';

export type Outcome = 'ran' | 'cached' | 'failed' | 'not run';

/** What became of one instance in the last run. */
export interface InstanceStory {
  readonly id: string;
  outcome: Outcome;
  seconds?: number;
  /** Why it ran. */
  reasons: readonly Reason[];
  readonly notes: string[];
  /** What went wrong, or what it waited for. */
  problem?: string;
}

export interface RunStory {
  /** By step name, in the order in which the run came to them; members of a fan-out together. */
  readonly steps: ReadonlyMap<string, readonly InstanceStory[]>;
  readonly ended?: Extract<RunEvent, { type: 'ended' }>;
  /** ms since 1970; undefined where there are no events. */
  readonly began?: number;
}

/** What the events of a run tell, by step. Without an `ended` event the run is still going on or was killed. */
export function runStory(events: readonly RunEvent[]): RunStory {
  const instances = new Map<string, InstanceStory>();
  const of = (id: string): InstanceStory => {
    const known = instances.get(id) ?? { id, outcome: 'not run', reasons: [], notes: [] };
    instances.set(id, known);
    return known;
  };
  let ended: RunStory['ended'];
  for (const event of events) {
    switch (event.type) {
      case 'started':
        of(event.instance).reasons = event.reasons;
        break;
      case 'note':
        of(event.instance).notes.push(event.message);
        break;
      case 'hit':
        of(event.instance).outcome = 'cached';
        break;
      case 'finished':
        Object.assign(of(event.instance), { outcome: 'ran', seconds: event.seconds });
        break;
      case 'failed':
        Object.assign(of(event.instance), {
          outcome: 'failed',
          problem: event.problems.map(describeProblem).join('\n') || event.stack || 'failed without a message',
        });
        break;
      case 'skipped':
        Object.assign(of(event.instance), { outcome: 'not run', problem: event.because });
        break;
      case 'ended':
        ended = event;
        break;
    }
  }
  const steps = new Map<string, InstanceStory[]>();
  for (const story of instances.values()) {
    const name = story.id.replace(/\[.*$/s, '');
    steps.set(name, [...(steps.get(name) ?? []), story]);
  }
  const began = events[0]?.time;
  return { steps, ...(ended ? { ended } : {}), ...(began === undefined ? {} : { began }) };
}
