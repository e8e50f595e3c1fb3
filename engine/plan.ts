import { canonicalJson } from '../cache/canonical-json.js';
import { type History, openHistory } from '../cache/history.js';
import type { ResultRecord, StoreRecord } from '../cache/record.js';
import { openRecordPack, type RecordPack } from '../cache/record-pack.js';
import type { Store } from '../cache/store.js';
import type { Reason } from './events.js';
import { digestInputs, type InputArtifacts } from './input-digests.js';
import type { InputGuard } from './input-guard.js';
import { type Ingredients, ingredientsOf, keyOf, type StepKeys, stepKeys, type Tools } from './keys.js';
import { lookUp } from './lookup.js';
import { type Assumed, type DigestOf, inputDigests, sourcesOf } from './sources.js';
import type { Registry } from './step-type.js';
import { type Explainer, explainer } from './why-run.js';
import type { Graph, Instance, StepNode } from './workflow.js';

export interface PlanOptions {
  readonly store: Store;
  readonly registry: Registry;
  /** Reads every blob of every result that would be used and compares digests, instead of sizes and times only. */
  readonly verify?: boolean;
  /** Ids of instances that run though their result is in the store. */
  readonly force?: ReadonlySet<string>;
  readonly signal?: AbortSignal | undefined;
}

/** What will happen to an instance, as far as it can be known before anything runs. */
export interface PlannedInstance {
  readonly instance: Instance;
  /**
   * `cached`: its result is in the store. `run`: there is none. `upstream`: something before it runs; if that gives
   * the same bytes as last time the result in the store is used, else the instance runs.
   */
  readonly state: 'cached' | 'run' | 'upstream';
  readonly reasons: readonly Reason[];
  /** Known when nothing before the instance has to run. */
  readonly key?: string;
  /** Of a cached instance. */
  readonly record?: ResultRecord;
}

export interface Plan {
  readonly graph: Graph;
  /** In the order of the graph. */
  readonly instances: readonly PlannedInstance[];
  readonly counts: { readonly cached: number; readonly run: number; readonly upstream: number };
  /** What the run goes on with. */
  readonly inputs: InputArtifacts;
  readonly guard: InputGuard;
  readonly keys: ReadonlyMap<StepNode, StepKeys>;
  readonly explain: Explainer;
  readonly force: ReadonlySet<string>;
  readonly history: History;
  readonly pack: RecordPack;
}

/**
 * Compares a graph with the store. Reads the user's files where they changed. Writes nothing but the cache of their
 * digests; a blob that turns out to be damaged is moved to quarantine.
 */
export async function plan(graph: Graph, options: PlanOptions): Promise<Plan> {
  const { store, signal, force = new Set() } = options;
  const [{ artifacts: inputs, guard }, keys] = await Promise.all([digestInputs(graph, store, signal), keysOf(graph)]);
  const { name, experiment } = graph.workflow;
  const history = openHistory(store, name);
  const pack = openRecordPack(store, `${name}@${experiment}`);
  const explain = explainer(graph, history, store, inputs);
  /** Certain outputs of cached instances, and of the others those of last time: what they give if nothing changes. */
  const outputs = new Map<string, ResultRecord['outputs']>();
  /** Instances that may run. */
  const open = new Set<string>();
  const digestOf: DigestOf = (id, port) => outputs.get(id)?.[port]?.digest;
  const counts = { cached: 0, run: 0, upstream: 0 };

  const instances: PlannedInstance[] = [];
  for (const instance of graph.instances) {
    const planned = await planOne(instance);
    counts[planned.state]++;
    instances.push(planned);
  }
  return { graph, instances, counts, inputs, guard, keys, explain, force, history, pack };

  async function planOne(instance: Instance): Promise<PlannedInstance> {
    const digests = inputDigests(graph, instance, inputs, digestOf);
    const waitsFor = open.size === 0 ? [] : sourcesOf(instance).filter((id) => open.has(id));
    const key = digests && keyOf(keys.get(instance.step)!, digests);
    const found = key === undefined ? undefined : await lookUp(store, key, { pack, verify: options.verify, signal });
    if (typeof found === 'object') {
      outputs.set(instance.id, found.outputs);
      if (force.has(instance.id)) {
        open.add(instance.id);
        return { instance, state: 'run', reasons: FORCED, ...(waitsFor.length === 0 ? { key: key! } : {}) };
      }
      if (waitsFor.length === 0) return { instance, state: 'cached', reasons: CACHED, key: key!, record: found };
      open.add(instance.id);
      return { instance, state: 'upstream', reasons: [{ kind: 'upstream', instances: waitsFor }] };
    }
    open.add(instance.id);
    const step = keys.get(instance.step)!;
    // What is not known yet is taken to come out as it did; what differs even so makes the instance run.
    const now = (then: StoreRecord) =>
      ingredientsOf(step, digests ?? inputDigests(graph, instance, inputs, digestOf, asIn(then))!);
    const near = explain.nearest(instance, now, waitsFor);
    if (near) outputs.set(instance.id, near.record.outputs);
    const reasons = digests
      ? explain.whyRun(instance, ingredientsOf(step, digests), key!, found, waitsFor)
      : (near?.reasons ?? [explain.lost(instance.id)]);
    if (reasons.length === 0) {
      return { instance, state: 'upstream', reasons: [{ kind: 'upstream', instances: waitsFor }] };
    }
    const certain = digests !== undefined && waitsFor.length === 0;
    return { instance, state: 'run', reasons, ...(certain ? { key: key! } : {}) };
  }
}

/** What came in when a result was made; of what did not, a text that is no digest. */
function asIn(last: StoreRecord): Assumed {
  const { inputs } = last.ingredients as unknown as Ingredients;
  return (port, label) => {
    const digest = inputs[port];
    const one = Array.isArray(digest) ? digest.find(([name]) => name === label)?.[1] : digest;
    return one ?? '';
  };
}

const CACHED: readonly Reason[] = [{ kind: 'cached' }];
const FORCED: readonly Reason[] = [{ kind: 'forced' }];

/** What the instances of each step share of their keys. Tools are asked once per step type and parameters. */
async function keysOf(graph: Graph): Promise<ReadonlyMap<StepNode, StepKeys>> {
  const asked = new Map<string, Promise<Tools>>();
  const toolsOf = ({ type, params }: StepNode): Promise<Tools> => {
    const question = `${type.name} ${canonicalJson(params)}`;
    const answer = asked.get(question) ?? type.tools?.(params) ?? Promise.resolve({});
    asked.set(question, answer);
    return answer;
  };
  const nodes = [...new Set(graph.instances.map((instance) => instance.step))];
  return new Map(await Promise.all(nodes.map(async (node) => [node, stepKeys(node, await toolsOf(node))] as const)));
}
