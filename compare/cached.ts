import type { Json } from '../artifacts/artifact.js';
import type { RunKeys } from '../cache/run-log.js';
import type { Store } from '../cache/store.js';
import type { Plan } from '../engine/plan.js';
import type { PastRun } from '../engine/run-record.js';
import { artifactMaker } from '../engine/sources.js';
import type { Workflow } from '../engine/workflow.js';
import { mapSetsOf } from './map-set.js';
import { type Parameter, parameter, type Side, type SideResult, WITH_MAPS } from './side.js';

/** An experiment of a workflow file, by what the cache has of it. */
export function sideOfExperiment(workflow: Workflow, { graph, inputs, instances }: Plan, store: Store): Side {
  const records = new Map(
    instances.flatMap(({ instance, record }) => (record ? [[instance.id, record] as const] : [])),
  );
  const artifactOf = artifactMaker(graph, inputs, records, store);
  const results = new Map<string, SideResult | undefined>();
  for (const { id, step } of graph.instances) {
    const ports = Object.entries(step.ports.outputs);
    for (const [port, { type }] of ports) {
      if (!WITH_MAPS.includes(type)) continue;
      const artifact = records.has(id) ? artifactOf({ kind: 'instance', id, port }) : undefined;
      const result = artifact && { digest: artifact.digest, sets: () => mapSetsOf(artifact) };
      results.set(ports.length === 1 ? id : `${id}.${port}`, result);
    }
  }
  const parameters = Object.entries(workflow.params).map(([name, value]): [string, Parameter] => [
    name,
    parameter(value, workflow.declared[name]?.unit),
  ]);
  return {
    name: workflow.experiment,
    workflow: workflow.name,
    place: workflow.file,
    results,
    parameters: new Map(parameters),
  };
}

/** A run that the log knows, by what the cache still has of it. Its file may have changed since or be gone. */
export function sideOfRun({ id, facts }: PastRun, keys: RunKeys, store: Store): Side {
  const results = new Map<string, SideResult | undefined>();
  for (const [instance, key] of Object.entries(keys)) {
    const record = store.read(key);
    if (typeof record !== 'object') continue;
    const complete = store.examine(record).length === 0;
    const outputs = Object.entries(record.outputs);
    for (const [port, { type, digest, meta, files }] of outputs) {
      if (!WITH_MAPS.includes(type)) continue;
      const paths = Object.entries(files).map(([role, file]) => [role, store.blob(file.digest)]);
      const artifact = { type, digest, meta, files: Object.fromEntries(paths), origin: `${instance} of run ${id}` };
      const result = complete ? { digest, sets: () => mapSetsOf(artifact) } : undefined;
      results.set(outputs.length === 1 ? instance : `${instance}.${port}`, result);
    }
  }
  const set = (facts.set ?? []).map((one): [string, Json] => {
    const at = one.indexOf('=');
    return [one.slice(0, at), one.slice(at + 1)];
  });
  const parameters = [...Object.entries(facts.params), ...set].map(([name, value]): [string, Parameter] => [
    name,
    { value },
  ]);
  return { name: id, workflow: facts.workflow, place: store.dir, results, parameters: new Map(parameters) };
}
