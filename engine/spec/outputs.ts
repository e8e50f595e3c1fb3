import type { Problem } from '../../artifacts/user-error.js';
import type { Registry } from '../step-type.js';
import type { OutputNode, StepNode, Wire } from '../workflow.js';
import type { Keys } from './document.js';
import { stepOutput } from './flow.js';
import { listNames } from './nearest.js';
import { asMap, isMap } from './plain.js';
import type { Scope } from './scope.js';
import { parseWire } from './wire-text.js';

export function readOutputs(scope: Scope, problems: Problem[]): Map<string, OutputNode> | undefined {
  const { outputs } = asMap(scope.doc.value);
  if (!isMap(outputs)) return undefined;
  const nodes = new Map<string, OutputNode>();
  for (const [name, text] of Object.entries(outputs)) {
    if (typeof text !== 'string') continue;
    const { wire, problem } = checkOutput(text, ['outputs', name], scope);
    if (problem) problems.push(problem);
    if (wire) nodes.set(name, { name, wire, place: wire.place });
  }
  return nodes;
}

/** Without `outputs` in the file: all that can be published of the steps that nothing else uses. */
export function finalOutputs(nodes: ReadonlyMap<string, StepNode>, registry: Registry): Map<string, OutputNode> {
  const used = new Set<string>();
  for (const { wires, foreach } of nodes.values()) {
    for (const wire of Object.values(wires).flat() as Wire[]) if (wire.kind === 'step') used.add(wire.step);
    if (foreach?.kind === 'step') used.add(foreach.name);
  }
  const outputs = new Map<string, OutputNode>();
  for (const step of nodes.values()) {
    if (used.has(step.name)) continue;
    Object.entries(step.ports.outputs).forEach(([port, { type }], index) => {
      if (!registry.artifacts.get(type)?.publish) return;
      const name = index === 0 ? step.name : `${step.name}-${port}`;
      outputs.set(name, { name, wire: { kind: 'step', step: step.name, port, place: step.place }, place: step.place });
    });
  }
  return outputs;
}

/** A wire under `outputs`: a step's output of a type that can be published. */
function checkOutput(text: string, keys: Keys, scope: Scope): { wire?: Wire; problem?: Problem } {
  const place = scope.doc.placeOf(keys);
  const wire = parseWire(text);
  if ('problem' in wire) return { problem: { ...wire.problem, place } };
  if (wire.kind !== 'step') {
    return {
      problem: {
        message: `\`${text}\` is not the result of a step`,
        place,
        expected: '`steps.name` or `steps.name.port`',
      },
    };
  }
  const found = stepOutput(wire, scope);
  if ('problem' in found) return { problem: { ...found.problem, place } };
  if (found.output && !scope.registry.artifacts.get(found.output.type)?.publish) {
    const types = [...scope.registry.artifacts.values()].filter((type) => type.publish).map((type) => type.name);
    return {
      problem: {
        message: `\`${text}\` is of type \`${found.output.type}\`, which has no form for publishing`,
        place,
        expected: `a result of type ${listNames(types)}`,
      },
    };
  }
  return { wire: { kind: 'step', step: wire.step, port: found.port, place } };
}
