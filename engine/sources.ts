import type { Artifact } from '../artifacts/artifact.js';
import type { ResultRecord } from '../cache/record.js';
import type { Store } from '../cache/store.js';
import type { InputArtifacts } from './input-digests.js';
import type { InputDigest } from './keys.js';
import type { Graph, Instance, Source } from './workflow.js';

/** Digest of one output of an instance, undefined when it is not known yet. */
export type DigestOf = (id: string, port: string) => string | undefined;

/** The sources at a port, whether it takes one or a list. */
function sourcesAt(instance: Instance, port: string): readonly Source[] {
  const sources = instance.inputs[port];
  if (sources === undefined) return [];
  return Array.isArray(sources) ? (sources as readonly Source[]) : [sources as Source];
}

/** Ids of the instances that an instance takes something from, each once. */
export function sourcesOf(instance: Instance): string[] {
  const ids = new Set<string>();
  for (const port in instance.inputs) {
    for (const source of sourcesAt(instance, port)) if (source.kind === 'instance') ids.add(source.id);
  }
  return [...ids];
}

/** What a digest that is not known yet is taken for; `label` is that of a member of a list. */
export type Assumed = (port: string, label?: string) => string;

/** The digests of an instance's inputs by port; undefined when one of them is neither known nor `assumed`. */
export function inputDigests(
  graph: Graph,
  instance: Instance,
  inputs: InputArtifacts,
  digestOf: DigestOf,
  assumed?: Assumed,
): Readonly<Record<string, InputDigest>> | undefined {
  const one = (source: Source): string | undefined =>
    source.kind === 'input' ? inputs.get(source.input)!.digest : digestOf(source.id, source.port);
  const digests: Record<string, InputDigest> = {};
  for (const port in instance.inputs) {
    const source = instance.inputs[port] as Source | readonly Source[];
    if (Array.isArray(source)) {
      const members: (readonly [string, string])[] = [];
      for (const member of source as readonly Source[]) {
        const label = labelOf(graph, member);
        const digest = one(member) ?? assumed?.(port, label);
        if (digest === undefined) return undefined;
        members.push([label, digest]);
      }
      digests[port] = members;
    } else {
      const digest = one(source as Source) ?? assumed?.(port);
      if (digest === undefined) return undefined;
      digests[port] = digest;
    }
  }
  return digests;
}

/** Makes artifacts of sources: the user's as they are, those of instances from the records of what they gave. */
export function artifactMaker(
  graph: Graph,
  inputs: InputArtifacts,
  results: ReadonlyMap<string, ResultRecord>,
  store: Store,
): (source: Source) => Artifact {
  return (source) => {
    if (source.kind === 'input') return inputs.get(source.input)!;
    const { type, digest, meta, files } = results.get(source.id)!.outputs[source.port]!;
    const { step, label, entities } = graph.byId.get(source.id)!;
    const member = label === undefined ? '' : `[${label}]`;
    const isFirst = Object.keys(step.ports.outputs)[0] === source.port;
    return {
      type,
      digest,
      meta,
      files: Object.fromEntries(Object.entries(files).map(([role, file]) => [role, store.blob(file.digest)])),
      origin: isFirst ? `steps.${source.id}` : `steps.${step.name}.${source.port}${member}`,
      ...(label === undefined ? {} : { label }),
      ...(entities === undefined ? {} : { entities }),
    };
  };
}

/** The artifacts that a step gets, by port; `artifactOf` knows those that instances made. */
export function inputArtifacts(
  instance: Instance,
  artifactOf: (source: Source) => Artifact,
): Readonly<Record<string, Artifact | readonly Artifact[]>> {
  const artifacts: Record<string, Artifact | readonly Artifact[]> = {};
  for (const port in instance.inputs) {
    const source = instance.inputs[port] as Source | readonly Source[];
    artifacts[port] = Array.isArray(source)
      ? (source as readonly Source[]).map(artifactOf)
      : artifactOf(source as Source);
  }
  return artifacts;
}

function labelOf(graph: Graph, source: Source): string {
  return (source.kind === 'input' ? source.input.label : graph.byId.get(source.id)?.label) ?? '';
}

/** What a message calls the thing at a port: the user's path, or `steps.fit[sub-01]`. */
export function originOf(graph: Graph, instance: Instance, port: string, label?: string): string {
  const sources = sourcesAt(instance, port);
  const source = label === undefined ? sources[0] : sources.find((one) => labelOf(graph, one) === label);
  if (source === undefined) return label ?? port;
  if (label === undefined && sources.length > 1) return `${sources.length} inputs`;
  return source.kind === 'input' ? source.input.origin : `steps.${source.id}`;
}
