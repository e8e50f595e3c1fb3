import type { ResolvedInput } from '../artifacts/artifact.js';
import { canonicalJson } from '../cache/canonical-json.js';
import type { Selected } from './selection.js';
import { unionId } from './union-id.js';
import type { Graph, Instance, Source, StepNode } from './workflow.js';

/** Stands for all experiments together, where one is named otherwise; no experiment can be called so. */
export const ALL_EXPERIMENTS = '*';

/** The graphs of several experiments of a workflow as one, in which what they have in common stands once. */
export interface Union {
  /** Publishes nothing of its own. Instances that differ between experiments are named `fit@glover[sub-01]`. */
  readonly graph: Graph;
  readonly force: ReadonlySet<string>;
  /** In the order given. */
  readonly members: readonly UnionMember[];
}

export interface UnionMember {
  readonly graph: Graph;
  /** Id of each wanted instance of its graph to that in the union. */
  readonly ids: ReadonlyMap<string, string>;
  /** The same the other way round. */
  readonly localIds: ReadonlyMap<string, string>;
  /** Ids in the union of which no earlier member has the instance. */
  readonly own: ReadonlySet<string>;
  /** Each input of its graph to the one in the union that stands for the same files. */
  readonly inputs: ReadonlyMap<ResolvedInput, ResolvedInput>;
}

/**
 * Joins graphs. Two instances are one when they do the same with the same: step type, parameters, files and, up to the
 * inputs, everything before them. What only turns out to be the same when it is computed is found by its key (as ever).
 */
export function unite(selected: readonly Selected[]): Union {
  const instances: Instance[] = [];
  const known = new Map<string, string>();
  const taken = new Set<string>();
  const force = new Set<string>();
  const inputOf = sameInputs();
  const stepOf = variants();
  const members = selected.map(({ graph, force: forced }): UnionMember => {
    const { experiment } = graph.workflow;
    const ids = new Map<string, string>();
    const own = new Set<string>();
    const inputs = new Map<ResolvedInput, ResolvedInput>();
    const translate = (source: Source): Source => {
      if (source.kind === 'instance') return { ...source, id: ids.get(source.id)! };
      const input = inputOf(source.input);
      inputs.set(source.input, input.input);
      return { kind: 'input', input: input.input };
    };
    const nameOf = (source: Source) =>
      source.kind === 'instance' ? `${source.id} ${source.port}` : inputOf(source.input).name;
    for (const instance of graph.instances) {
      const taking: [string, Source | readonly Source[]][] = Object.entries(instance.inputs).map(([port, given]) => [
        port,
        Array.isArray(given) ? (given as readonly Source[]).map(translate) : translate(given as Source),
      ]);
      const names = taking.map(([port, given]) => `${port}: ${[given].flat().map((one) => nameOf(one as Source))}`);
      const signature = [instance.id, stepOf.signature(instance.step), ...names.sort()].join('\n');
      let id = known.get(signature);
      if (id === undefined) {
        const isVariant = taken.has(instance.id);
        id = isVariant ? unionId(instance.id, experiment) : instance.id;
        const step = isVariant ? stepOf.named(instance.step, experiment) : instance.step;
        known.set(signature, id);
        taken.add(id);
        own.add(id);
        instances.push({ ...instance, id, step, inputs: Object.fromEntries(taking) });
      }
      ids.set(instance.id, id);
      if (forced.has(instance.id)) force.add(id);
    }
    const localIds = new Map([...ids].map(([local, united]) => [united, local]));
    return { graph, ids, localIds, own, inputs };
  });
  const { workflow, inputs } = selected[0]!.graph;
  const graph: Graph = {
    workflow: { ...workflow, experiment: ALL_EXPERIMENTS },
    inputs,
    instances,
    byId: new Map(instances.map((instance) => [instance.id, instance])),
    outputs: new Map(),
  };
  return { graph, force, members };
}

/** One object, and a name, for all that stand for the same files. */
function sameInputs(): (input: ResolvedInput) => { readonly input: ResolvedInput; readonly name: string } {
  const seen = new Map<ResolvedInput, { input: ResolvedInput; name: string }>();
  const byContent = new Map<string, { input: ResolvedInput; name: string }>();
  return (input) => {
    const known = seen.get(input);
    if (known) return known;
    const { type, files, meta = {}, label = '', entities = {} } = input;
    const content = canonicalJson({ type, files, meta, label, entities });
    const one = byContent.get(content) ?? { input, name: `input ${byContent.size}` };
    byContent.set(content, one);
    seen.set(input, one);
    return one;
  };
}

/** What tells steps of several experiments apart, made once each. */
function variants(): { signature(step: StepNode): string; named(step: StepNode, experiment: string): StepNode } {
  const signatures = new Map<StepNode, string>();
  const renamed = new Map<StepNode, StepNode>();
  return {
    signature(step) {
      const signature = signatures.get(step) ?? canonicalJson([step.type.name, step.params]);
      signatures.set(step, signature);
      return signature;
    },
    named(step, experiment) {
      const own = renamed.get(step) ?? { ...step, name: unionId(step.name, experiment) };
      renamed.set(step, own);
      return own;
    },
  };
}
