import path from 'node:path';
import type { ResolvedInput, ResolvedItem } from '../../artifacts/artifact.js';
import type { ResultRecord } from '../../cache/record.js';
import type { InputArtifacts } from '../input-digests.js';
import type { PublishedEntry } from '../results-manifest.js';
import type { Graph, Instance, Source, StepNode } from '../workflow.js';
import { parameterValues } from './definition.js';
import { type Entity, fileEntity, idPart, ids, propertyValue, type Reference, ref } from './entities.js';

const COMPLETED = 'http://schema.org/CompletedActionStatus';

export interface Executed {
  readonly graph: Graph;
  readonly inputs: InputArtifacts;
  /** By instance; those that are not done are left out of the crate. */
  readonly results: ReadonlyMap<string, ResultRecord>;
  /** Output to stem to what was written for it. */
  readonly published: ReadonlyMap<string, ReadonlyMap<string, PublishedEntry>>;
}

export interface Execution {
  readonly entities: readonly Entity[];
  /** Of everything that ran; the run as a whole is the first. */
  readonly actions: readonly Reference[];
  /** Results and the user's files that lie in the crate. */
  readonly files: readonly Reference[];
  /** ISO 8601, when the last step ended. */
  readonly ended: string;
}

/**
 * What was done: every instance with its inputs, parameters and results, and the run as a whole. All times are those of
 * the records, so the same results give the same text whenever it is written.
 */
export function execution({ graph, inputs, results, published }: Executed): Execution {
  const { workflow } = graph;
  const data = dataEntities(graph, inputs);
  const values = parameterValues(graph);
  const files: Entity[] = [];
  const filesOf = new Map<string, Reference[]>();
  for (const name of workflow.outputs.keys()) {
    for (const entry of published.get(name)?.values() ?? []) {
      for (const [file, size, digest] of entry.files) {
        const entity = fileEntity(
          `${idPart(name)}/${idPart(file)}`,
          path.posix.basename(file),
          { size, digest },
          {
            exampleOfWork: ref(ids.workflowOutput(name)),
          },
        );
        files.push(entity);
        filesOf.set(entry.key, [...(filesOf.get(entry.key) ?? []), ref(entity['@id'])]);
      }
    }
  }
  const done = [...graph.byId.values()].filter(({ id }) => results.has(id));
  const actions = done.map((instance) => {
    const record = results.get(instance.id)!;
    return {
      '@id': ids.action(instance.id),
      '@type': 'CreateAction',
      name: instance.id,
      description: instance.step.type.title,
      instrument: ref(ids.tool(instance.step.type.name)),
      object: [...data.takenBy(instance, results), ...references(values.ofStep.get(instance.step)!)],
      result: [...data.madeBy(instance, record), ...(filesOf.get(record.key) ?? [])],
      startTime: time(Date.parse(record.made) - record.seconds * 1000),
      endTime: time(Date.parse(record.made)),
      actionStatus: COMPLETED,
    };
  });
  const controls = done.map(({ id, step }) => ({
    '@id': ids.control(id),
    '@type': 'ControlAction',
    name: `orchestration of ${id}`,
    instrument: ref(ids.step(step.name)),
    object: ref(ids.action(id)),
  }));
  const began = actions.reduce((first, { startTime }) => (startTime < first ? startTime : first), '9');
  const ended = actions.reduce((last, { endTime }) => (endTime > last ? endTime : last), '');
  const run: Entity = {
    '@id': ids.run,
    '@type': 'CreateAction',
    name: `Run of ${workflow.name} (${workflow.experiment})`,
    description:
      'From the first to the last step whose result is here; results that were kept from earlier runs have their own times.',
    instrument: ref(idPart(workflow.files[0]!.copy)),
    object: [...data.given(), ...references(values.ofWorkflow)],
    result: references(files),
    startTime: began,
    endTime: ended,
    actionStatus: COMPLETED,
  };
  const organize: Entity = {
    '@id': '#organize',
    '@type': 'OrganizeAction',
    name: `voxreel running ${workflow.name}`,
    instrument: ref(ids.engine),
    object: references(controls),
    result: ref(ids.run),
    startTime: began,
    endTime: ended,
  };
  const valuesOfSteps = [...values.ofStep.values()].flat();
  return {
    entities: [
      ...files,
      run,
      organize,
      ...values.ofWorkflow,
      ...data.entities(),
      ...valuesOfSteps,
      ...actions.flatMap((action, index) => [action, controls[index]!]),
    ],
    actions: [ref(ids.run), ...references(actions)],
    files: references(files),
    ended,
  };
}

/** The user's files and what flowed along the wires, each once, with every parameter that it was the value of. */
function dataEntities(graph: Graph, inputs: InputArtifacts) {
  const entities = new Map<string, Entity>();
  const roles = new Map<string, Set<string>>();
  const add = (entity: Entity, role: string): Reference => {
    const id = entity['@id'];
    if (!entities.has(id)) entities.set(id, entity);
    roles.set(id, (roles.get(id) ?? new Set()).add(role));
    return ref(id);
  };
  const userFiles = (input: ResolvedInput, role: string): Reference[] => {
    const found = inputs.get(input);
    if (!found) return [];
    const known = Object.entries(input.files).map(([part, file]) => {
      const { digest, size } = found.digests[part]!;
      const name = nameOf(file, graph.workflow.baseDir, digest);
      return add(fileEntity(`#file/${idPart(name)}`, path.basename(file), { size, digest }), role);
    });
    // Something that is made from a seed has no file.
    if (known.length > 0) return known;
    return [add(propertyValue(`#made/${found.digest.slice(0, 32)}`, input.type, found.meta, role), role)];
  };
  const artifact = (type: string, digest: string, role: string): Reference =>
    add(
      { '@id': ids.artifact(digest), '@type': 'Dataset', name: `${type} ${digest.slice(0, 12)}`, identifier: digest },
      role,
    );

  return {
    /** What the workflow was given. */
    given(): Reference[] {
      return [...graph.inputs].flatMap(([name, found]) => {
        const all = Array.isArray(found)
          ? (found as readonly ResolvedItem[]).flatMap(({ ports }) => Object.values(ports))
          : [found as ResolvedInput];
        return unique(all.flatMap((input) => userFiles(input, ids.workflowInput(name))));
      });
    },
    takenBy(instance: Instance, results: Executed['results']): Reference[] {
      return unique(
        Object.entries(instance.inputs).flatMap(([port, given]) => {
          const role = ids.toolInput(instance.step.type.name, port);
          const sources = Array.isArray(given) ? (given as readonly Source[]) : [given as Source];
          return sources.flatMap((source) => {
            if (source.kind === 'input') return userFiles(source.input, role);
            const output = results.get(source.id)?.outputs[source.port];
            return output ? [artifact(output.type, output.digest, role)] : [];
          });
        }),
      );
    },
    madeBy({ step }: { readonly step: StepNode }, record: ResultRecord): Reference[] {
      return Object.entries(record.outputs).map(([port, { type, digest }]) =>
        artifact(type, digest, ids.toolOutput(step.type.name, port)),
      );
    },
    entities: (): Entity[] =>
      [...entities].map(([id, entity]) => ({ ...entity, exampleOfWork: [...roles.get(id)!].map(ref) })),
  };
}

/** Below the folder of the workflow file its path; elsewhere its name only: where people keep their data is nobody's business. */
function nameOf(file: string, baseDir: string, digest: string): string {
  const below = path.relative(baseDir, file).split(path.sep).join('/');
  return below.startsWith('..') || path.isAbsolute(below) ? `${digest.slice(0, 12)}/${path.basename(file)}` : below;
}

/** With the zone as numbers: the validator's pattern knows no Z. */
function time(ms: number): string {
  return new Date(Math.round(ms)).toISOString().replace('Z', '+00:00');
}

function references(entities: readonly Entity[]): Reference[] {
  return entities.map((entity) => ref(entity['@id']));
}

function unique(references: readonly Reference[]): Reference[] {
  return [...new Map(references.map((one) => [one['@id'], one])).values()];
}
