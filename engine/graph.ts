import type { ResolvedInput, ResolvedItem } from '../artifacts/artifact.js';
import type { Problem } from '../artifacts/user-error.js';
import { UserError } from '../artifacts/user-error.js';
import type { InputPort } from './step-type.js';
import type { Graph, Instance, OutputSource, ResolvedInputs, Source, StepNode, Wire, Workflow } from './workflow.js';

/** Who an instance belongs to: an item of the collection at the root of a fan-out. */
type Member = Pick<ResolvedItem, 'label' | 'entities'>;

/** A step with the collection it fans out over, if any. */
interface Expanded {
  readonly step: StepNode;
  readonly root?: string;
  /** One per item, in the order of the items; one in all without a fan-out. */
  readonly ids: readonly string[];
}

/**
 * Writes out every fan-out: one instance per item of a collection, wired to the instances of the same item.
 * Steps keep the order of the workflow, instances the order of the items.
 * @throws UserError naming every item that lacks a port which a step needs.
 */
export function expandGraph(workflow: Workflow, inputs: ResolvedInputs): Graph {
  const steps = new Map<string, Expanded>();
  const byId = new Map<string, Instance>();
  const problems: Problem[] = [];
  for (const step of workflow.steps) {
    const root = rootOf(step, steps);
    const members = root === undefined ? [undefined] : itemsOf(inputs, root);
    const ids = members.map((member) => instanceId(step, member));
    steps.set(step.name, { step, ids, ...(root === undefined ? {} : { root }) });
    const ports = Object.entries(step.wires).map(([port, wire]) => ({
      port,
      read: reader(step, port, wire, root, steps, inputs, problems),
    }));
    members.forEach((member, index) => {
      const own: Record<string, Source | readonly Source[]> = {};
      for (const { port, read } of ports) {
        const source = read(index);
        if (source !== undefined) own[port] = source;
      }
      const id = ids[index]!;
      byId.set(id, { id, step, ...identity(member), inputs: own });
    });
  }
  if (problems.length > 0) throw new UserError(problems);
  return { workflow, inputs, instances: [...byId.values()], byId, outputs: outputsOf(workflow, steps, byId) };
}

/** `fit`, or `fit[sub-01]` in a fan-out. */
function instanceId(step: StepNode, member: Member | undefined): string {
  return member === undefined ? step.name : `${step.name}[${member.label}]`;
}

function identity(member: Member | undefined): Partial<Member> {
  return member === undefined ? {} : { label: member.label, entities: member.entities };
}

/** The collection input that a step fans out over, directly or through the fan-out of another step. */
function rootOf({ foreach }: StepNode, steps: ReadonlyMap<string, Expanded>): string | undefined {
  if (!foreach) return undefined;
  return foreach.kind === 'input' ? foreach.name : steps.get(foreach.name)!.root;
}

function itemsOf(inputs: ResolvedInputs, name: string): readonly ResolvedItem[] {
  return inputs.get(name) as readonly ResolvedItem[];
}

type Read = (index: number) => Source | readonly Source[] | undefined;

/** What a port gets, for the instance at each position of the fan-out. */
function reader(
  step: StepNode,
  port: string,
  wire: Wire | readonly Wire[],
  root: string | undefined,
  steps: ReadonlyMap<string, Expanded>,
  inputs: ResolvedInputs,
  problems: Problem[],
): Read {
  const declared = step.ports.inputs[port]!;
  const wires = (Array.isArray(wire) ? wire : [wire]) as readonly Wire[];
  const reads = wires.map((one) => wireReader(step, port, declared, one, root, steps, inputs, problems));
  if (!declared.list) return (index) => reads[0]!(index)[0];
  return (index) => {
    const sources = reads.flatMap((read) => read(index));
    return sources.length === 0 && declared.optional ? undefined : sources;
  };
}

function wireReader(
  step: StepNode,
  port: string,
  declared: InputPort,
  wire: Wire,
  root: string | undefined,
  steps: ReadonlyMap<string, Expanded>,
  inputs: ResolvedInputs,
  problems: Problem[],
): (index: number) => readonly Source[] {
  if (wire.kind === 'step') return stepReader(steps.get(wire.step)!, wire.port, root);
  if (wire.kind === 'item' && step.foreach?.kind === 'step')
    return stepReader(steps.get(step.foreach.name)!, wire.port, root);
  const collection = wire.kind === 'item' ? root! : wire.name;
  if (wire.kind === 'input' && wire.port === undefined) {
    const source = [inputSource(inputs.get(collection) as ResolvedInput)];
    return () => source;
  }
  const itemPort = wire.port!;
  const items = itemsOf(inputs, collection);
  const sources = items.map(({ ports }) =>
    Object.hasOwn(ports, itemPort) ? inputSource(ports[itemPort]!) : undefined,
  );
  const lacking = items.filter((_, index) => !sources[index]).map(({ label }) => label);
  const paired = collection === root;
  // An optional port may be absent from an item; in a list it must not be absent from some, or lists would no longer match.
  const acceptable = declared.optional && (paired || lacking.length === items.length);
  if (lacking.length > 0 && !acceptable) {
    const shown = lacking.slice(0, 5).join(', ');
    problems.push({
      message: `${lacking.length} of ${items.length} items of \`inputs.${collection}\` have no \`${itemPort}\`, which \`${step.name}\` needs at \`${port}\`: ${shown}${lacking.length > 5 ? ', …' : ''}`,
      place: wire.place,
      expected: `a \`${itemPort}\` for every item`,
      hint: 'Add the missing files, leave these items out, or wire another source.',
    });
  }
  if (!paired) {
    const all = sources.filter((source) => source !== undefined);
    return () => all;
  }
  return (index) => (sources[index] ? [sources[index]] : []);
}

/** The instance of the same item where both belong to one collection, else all of them. */
function stepReader(source: Expanded, port: string, root: string | undefined): (index: number) => readonly Source[] {
  const all = source.ids.map((id): Source => ({ kind: 'instance', id, port }));
  return source.root !== undefined && source.root === root ? (index) => [all[index]!] : () => all;
}

function inputSource(input: ResolvedInput): Source {
  return { kind: 'input', input };
}

function outputsOf(
  workflow: Workflow,
  steps: ReadonlyMap<string, Expanded>,
  byId: ReadonlyMap<string, Instance>,
): ReadonlyMap<string, readonly OutputSource[]> {
  const outputs = new Map<string, readonly OutputSource[]>();
  for (const { name, wire } of workflow.outputs.values()) {
    if (wire.kind !== 'step') continue;
    const sources = steps.get(wire.step)!.ids.map((id) => {
      const { label, entities } = byId.get(id)!;
      const source: Source = { kind: 'instance', id, port: wire.port };
      return { source, ...(label === undefined ? {} : { label }), ...(entities === undefined ? {} : { entities }) };
    });
    outputs.set(name, sources);
  }
  return outputs;
}
