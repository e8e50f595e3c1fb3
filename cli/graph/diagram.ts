import type { Wire, Workflow } from '../../engine/workflow.js';

export interface DiagramNode {
  /** Unique; `inputs.movie`, `steps.fit`, `outputs.probability`. */
  readonly id: string;
  readonly kind: 'input' | 'step' | 'output';
  readonly name: string;
  /** Artifact type of an input, step type of a step. */
  readonly detail: string;
}

export interface DiagramEdge {
  readonly from: string;
  readonly to: string;
  /** Port of the receiving step, or `for each`. */
  readonly label: string;
}

export interface Diagram {
  readonly title: string;
  readonly nodes: readonly DiagramNode[];
  readonly edges: readonly DiagramEdge[];
}

/** A workflow as boxes and arrows, in the order of the file: needs no data, so it can be drawn before there is any. */
export function diagramOf(workflow: Workflow): Diagram {
  const nodes: DiagramNode[] = [];
  const edges: DiagramEdge[] = [];
  for (const input of workflow.inputs.values()) {
    nodes.push({ id: `inputs.${input.name}`, kind: 'input', name: input.name, detail: input.type });
  }
  for (const step of workflow.steps) {
    const id = `steps.${step.name}`;
    const over = step.foreach && `${step.foreach.kind}s.${step.foreach.name}`;
    const detail = over ? `${step.type.name}, for each of ${step.foreach!.name}` : step.type.name;
    nodes.push({ id, kind: 'step', name: step.name, detail });
    const drawn = new Set<string>();
    for (const [port, wires] of Object.entries(step.wires)) {
      for (const wire of Array.isArray(wires) ? (wires as readonly Wire[]) : [wires as Wire]) {
        const from = sourceOf(wire, over);
        if (from === undefined || drawn.has(`${from} ${port}`)) continue;
        drawn.add(`${from} ${port}`);
        edges.push({ from, to: id, label: port });
      }
    }
    if (over && !edges.some((edge) => edge.to === id && edge.from === over)) {
      edges.push({ from: over, to: id, label: 'for each' });
    }
  }
  for (const output of workflow.outputs.values()) {
    const id = `outputs.${output.name}`;
    nodes.push({ id, kind: 'output', name: output.name, detail: 'results' });
    const from = sourceOf(output.wire, undefined);
    if (from !== undefined) edges.push({ from, to: id, label: '' });
  }
  return { title: workflow.name, nodes, edges };
}

/** An item's port comes from whatever is fanned out over. */
function sourceOf(wire: Wire, over: string | undefined): string | undefined {
  if (wire.kind === 'input') return `inputs.${wire.name}`;
  if (wire.kind === 'step') return `steps.${wire.step}`;
  return over;
}
