import type { Problem } from '../../artifacts/user-error.js';
import type { Wire, Workflow } from '../workflow.js';
import type { SpecDocument } from './document.js';
import { asMap } from './plain.js';

/** Something that is written in a workflow file and has no effect on its results. */
export interface Unused {
  readonly kind: 'parameter' | 'input' | 'step';
  readonly problem: Problem;
}

const ANY_REFERENCE = /\$\{params\.([^}]*)\}/g;

/** Parameters that no `${params.name}` asks for, inputs that nothing reads, steps that no output needs. In the order of the file. */
export function unusedParts(doc: SpecDocument, workflow: Workflow): readonly Unused[] {
  const top = asMap(doc.value);
  const found: Unused[] = [];
  const asked = new Set<string>();
  collectReferences(top.inputs, asked);
  collectReferences(top.steps, asked);
  for (const name of Object.keys(workflow.params)) {
    if (asked.has(name)) continue;
    const message = `params.${name}: nothing uses it`;
    const hint = `Write "\${params.${name}}" where it is meant, or remove it.`;
    found.push({ kind: 'parameter', problem: { message, hint, place: doc.placeOfKey(['params', name]) } });
  }
  const read = new Set(workflow.steps.flatMap((step) => needsOf(step).inputs));
  for (const { name, place } of workflow.inputs.values()) {
    if (read.has(name)) continue;
    const message = `inputs.${name}: no step reads it`;
    found.push({ kind: 'input', problem: { message, hint: 'Wire it to a step, or remove it.', place } });
  }
  const needed = neededSteps(workflow);
  for (const { name, place } of workflow.steps) {
    if (needed.has(name)) continue;
    const message = `steps.${name}: no output needs it`;
    const hint = 'Add it (or what is made of it) under `outputs`, or remove it. It runs all the same.';
    found.push({ kind: 'step', problem: { message, hint, place } });
  }
  return found;
}

function collectReferences(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') for (const [, name] of value.matchAll(ANY_REFERENCE)) into.add(name!);
  else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) collectReferences(item, into);
}

/** Everything that an output is made of, directly or not. */
function neededSteps(workflow: Workflow): ReadonlySet<string> {
  const byName = new Map(workflow.steps.map((step) => [step.name, step]));
  const open = [...workflow.outputs.values()].flatMap(({ wire }) => (wire.kind === 'step' ? [wire.step] : []));
  const needed = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    open.push(...needsOf(byName.get(name)!).steps);
  }
  return needed;
}

function needsOf({ wires, foreach }: Workflow['steps'][number]): { inputs: string[]; steps: string[] } {
  const all = Object.values(wires).flat() as Wire[];
  const over = (kind: 'input' | 'step') => (foreach?.kind === kind ? [foreach.name] : []);
  return {
    inputs: [...over('input'), ...all.flatMap((wire) => (wire.kind === 'input' ? [wire.name] : []))],
    steps: [...over('step'), ...all.flatMap((wire) => (wire.kind === 'step' ? [wire.step] : []))],
  };
}
