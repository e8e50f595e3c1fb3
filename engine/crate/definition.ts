import path from 'node:path';
import type { StepKeys } from '../keys.js';
import type { Graph, StepNode, Wire } from '../workflow.js';
import { type Entity, fileEntity, formalParameter, idPart, ids, kindOf, propertyValue, ref } from './entities.js';
import { toolEntities } from './tools.js';

const WORKFLOW_PROFILE = 'https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE';
const LANGUAGE = '#language';

/** A file of the workflow as it lies in the crate. */
export interface WorkflowFile {
  readonly name: string;
  readonly size: number;
  readonly digest: string;
}

/** What was to be done: the workflow with its parameters, its steps, the step types behind them, and how they are wired. */
export function definition(graph: Graph, keys: ReadonlyMap<StepNode, StepKeys>, file: WorkflowFile): Entity[] {
  const { workflow } = graph;
  const steps = new Map(workflow.steps.map((step) => [step.name, step]));
  const { tools, parameters, programs } = toolEntities(workflow.steps, keys);
  const howTo = workflow.steps.map((step, index) => howToStep(step, index, steps));
  const outputs = [...workflow.outputs.values()].flatMap(({ name, wire }) =>
    connections(`#connection/output/${idPart(name)}`, wire, ids.workflowOutput(name), undefined, steps),
  );
  const taken = [
    ...[...workflow.inputs.values()].map(({ name, type }) => {
      const found = graph.inputs.get(name);
      const kind = found && 'files' in found && Object.keys(found.files).length === 0 ? 'Text' : 'File';
      return formalParameter(ids.workflowInput(name), name, kind, type);
    }),
    ...Object.entries(workflow.params).map(([name, value]) =>
      formalParameter(ids.workflowParam(name), name, kindOf(value)),
    ),
  ];
  const given = [...workflow.outputs.keys()].map((name) => formalParameter(ids.workflowOutput(name), name, 'File'));
  const main = fileEntity(idPart(file.name), file.name, file, {
    '@type': ['File', 'SoftwareSourceCode', 'ComputationalWorkflow', 'HowTo'],
    name: workflow.name,
    version: file.digest.slice(0, 12),
    programmingLanguage: ref(LANGUAGE),
    conformsTo: ref(WORKFLOW_PROFILE),
    input: references(taken),
    output: references(given),
    hasPart: references(tools),
    step: howTo.map(({ step }) => ref(step['@id'])),
    connection: references(outputs),
  });
  const language = { '@id': LANGUAGE, '@type': 'ComputerLanguage', name: 'voxreel workflow file', version: '1' };
  const wired = howTo.flatMap(({ step, wires }) => [step, ...wires]);
  return [main, language, ...taken, ...given, ...tools, ...parameters, ...programs, ...wired, ...outputs];
}

/** The files that the workflow file includes and extends. */
export function workflowParts(parts: readonly WorkflowFile[], main: WorkflowFile): Entity[] {
  return parts.map((part) =>
    fileEntity(idPart(part.name), path.posix.basename(part.name), part, {
      '@type': ['File', 'SoftwareSourceCode'],
      description: 'A part of the workflow, which its main file includes or extends.',
      programmingLanguage: ref(LANGUAGE),
      isPartOf: ref(idPart(main.name)),
    }),
  );
}

/** The values of the parameters of the workflow and of its steps. */
export function parameterValues(graph: Graph): {
  readonly ofWorkflow: readonly Entity[];
  readonly ofStep: ReadonlyMap<StepNode, readonly Entity[]>;
} {
  const { workflow } = graph;
  const ofWorkflow = Object.entries(workflow.params).map(([name, value]) =>
    propertyValue(`#value/${idPart(name)}`, name, value, ids.workflowParam(name)),
  );
  const ofStep = new Map(
    workflow.steps.map((step) => [
      step,
      Object.entries(step.params).map(([name, value]) => {
        const { unit } = step.type.params.properties[name] ?? {};
        const id = `${ids.step(step.name)}/${idPart(name)}`;
        return propertyValue(id, name, value, ids.toolParam(step.type.name, name), unit);
      }),
    ]),
  );
  return { ofWorkflow, ofStep };
}

function howToStep(step: StepNode, index: number, steps: ReadonlyMap<string, StepNode>) {
  const wires = Object.entries(step.wires).flatMap(([port, wire]) => {
    const id = `#connection/${idPart(step.name)}/${idPart(port)}`;
    return connections(id, wire, ids.toolInput(step.type.name, port), step, steps);
  });
  const entity: Entity = {
    '@id': ids.step(step.name),
    '@type': 'HowToStep',
    name: step.name,
    position: String(index + 1),
    workExample: ref(ids.tool(step.type.name)),
    ...(wires.length > 0 ? { connection: references(wires) } : {}),
  };
  return { step: entity, wires };
}

/** What a wire, or each of a list of wires, connects. */
function connections(
  id: string,
  wire: Wire | readonly Wire[],
  target: string,
  step: StepNode | undefined,
  steps: ReadonlyMap<string, StepNode>,
): Entity[] {
  const wires = Array.isArray(wire) ? (wire as readonly Wire[]) : [wire as Wire];
  return wires.map((one, index) => ({
    '@id': wires.length > 1 ? `${id}/${index + 1}` : id,
    '@type': 'ParameterConnection',
    sourceParameter: ref(sourceOf(one, step, steps)),
    targetParameter: ref(target),
  }));
}

function sourceOf(wire: Wire, step: StepNode | undefined, steps: ReadonlyMap<string, StepNode>): string {
  if (wire.kind === 'input') return ids.workflowInput(wire.name);
  if (wire.kind === 'step') return ids.toolOutput(steps.get(wire.step)!.type.name, wire.port);
  let over = step!.foreach!;
  while (over.kind === 'step') over = steps.get(over.name)!.foreach!;
  return ids.workflowInput(over.name);
}

function references(entities: readonly Entity[]) {
  return entities.map((entity) => ref(entity['@id']));
}
