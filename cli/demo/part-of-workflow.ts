import type { Wire, Workflow } from '../../engine/workflow.js';

/**
 * The part of a workflow that makes one step: that step and what it needs, without anything to publish. Keys are those
 * of the whole, so what is made here is found again by a run of the whole.
 */
export function partOfWorkflow(workflow: Workflow, step: string): Workflow {
  const byName = new Map(workflow.steps.map((node) => [node.name, node]));
  const steps = new Set<string>();
  const inputs = new Set<string>();
  const visit = (name: string) => {
    if (steps.has(name)) return;
    steps.add(name);
    const node = byName.get(name)!;
    if (node.foreach?.kind === 'input') inputs.add(node.foreach.name);
    for (const wire of Object.values(node.wires).flat() as Wire[]) {
      if (wire.kind === 'input') inputs.add(wire.name);
      if (wire.kind === 'step') visit(wire.step);
    }
  };
  visit(step);
  return {
    ...workflow,
    inputs: new Map([...workflow.inputs].filter(([name]) => inputs.has(name))),
    steps: workflow.steps.filter(({ name }) => steps.has(name)),
    outputs: new Map(),
  };
}
