import type { StepKeys } from '../keys.js';
import { programsOf } from '../tool-names.js';
import type { StepNode } from '../workflow.js';
import { type Entity, formalParameter, ids, kindOf, ref } from './entities.js';

/**
 * Each step type once, with what its ports take and give and those of its parameters that have a value in some step; and
 * the programs and libraries that step types name as changing their results.
 */
export function toolEntities(
  steps: readonly StepNode[],
  keys: ReadonlyMap<StepNode, StepKeys>,
): { readonly tools: Entity[]; readonly parameters: Entity[]; readonly programs: Entity[] } {
  const types = new Map<string, StepNode[]>();
  for (const step of steps) types.set(step.type.name, [...(types.get(step.type.name) ?? []), step]);
  const parameters: Entity[] = [];
  const programs = new Map<string, Entity>();
  const tools = [...types].map(([name, nodes]): Entity => {
    const { version, title } = nodes[0]!.type;
    const inputs = byId(nodes.flatMap(inputsOf));
    const outputs = byId(nodes.flatMap(outputsOf));
    parameters.push(...inputs, ...outputs);
    const needed = new Set<string>();
    for (const node of nodes) {
      for (const { program, version: softwareVersion } of programsOf(keys.get(node)?.tools ?? {})) {
        const id = ids.software(program, softwareVersion);
        programs.set(id, { '@id': id, '@type': 'SoftwareApplication', name: program, softwareVersion });
        needed.add(id);
      }
    }
    return {
      '@id': ids.tool(name),
      '@type': 'SoftwareApplication',
      name: `voxreel ${name}`,
      description: title,
      softwareVersion: String(version),
      input: inputs.map((entity) => ref(entity['@id'])),
      output: outputs.map((entity) => ref(entity['@id'])),
      ...(needed.size > 0 ? { softwareRequirements: [...needed].map(ref) } : {}),
    };
  });
  return { tools, parameters, programs: [...programs.values()] };
}

function inputsOf({ type, wires, ports, params }: StepNode): Entity[] {
  const wired = Object.keys(wires).map((port) =>
    formalParameter(ids.toolInput(type.name, port), port, 'Dataset', ports.inputs[port]?.description),
  );
  const chosen = Object.entries(params).map(([name, value]) => {
    const about = type.params.properties[name]?.description;
    return formalParameter(ids.toolParam(type.name, name), name, kindOf(value), about);
  });
  return [...wired, ...chosen];
}

function outputsOf({ type, ports }: StepNode): Entity[] {
  return Object.entries(ports.outputs).map(([port, { description }]) =>
    formalParameter(ids.toolOutput(type.name, port), port, 'Dataset', description),
  );
}

function byId(entities: readonly Entity[]): Entity[] {
  return [...new Map(entities.map((entity) => [entity['@id'], entity])).values()];
}
