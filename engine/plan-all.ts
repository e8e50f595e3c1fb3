import { type Plan, type PlanOptions, plan } from './plan.js';
import type { Selected } from './selection.js';
import { unite } from './union.js';

/** What would happen to the instances of one of several experiments; each is counted once, `shared` or by its state. */
export interface ExperimentCounts {
  readonly experiment: string;
  readonly instances: number;
  readonly cached: number;
  readonly run: number;
  readonly upstream: number;
  /** Not cached, but counted at an experiment before this one. */
  readonly shared: number;
}

/** Plans several experiments of a workflow as one run of them would. */
export async function planAll(
  selected: readonly Selected[],
  options: Omit<PlanOptions, 'force'>,
): Promise<Plan & { readonly experiments: readonly ExperimentCounts[] }> {
  const union = unite(selected);
  const planned = await plan(union.graph, { ...options, force: union.force });
  const states = new Map(planned.instances.map(({ instance, state }) => [instance.id, state]));
  const experiments = union.members.map(({ graph, ids, own }): ExperimentCounts => {
    const counts = { cached: 0, run: 0, upstream: 0, shared: 0 };
    for (const id of ids.values()) {
      const state = states.get(id)!;
      counts[state === 'cached' || own.has(id) ? state : 'shared']++;
    }
    return { experiment: graph.workflow.experiment, instances: ids.size, ...counts };
  });
  return { ...planned, experiments };
}
