import type { JsonObject } from '../../artifacts/artifact.js';
import type { ResultRecord } from '../../cache/record.js';
import type { InputArtifacts } from '../input-digests.js';
import type { StepKeys } from '../keys.js';
import { sourcesOf } from '../sources.js';
import { programsOf } from '../tool-names.js';
import { voxreelVersion } from '../version.js';
import type { Graph, Instance, Source, StepNode } from '../workflow.js';
import { bibtex, citedKeys, listed, type Reference, withCitations } from './reference.js';
import { counted, listOf, type MethodsFacts, type MethodsText, sections } from './text.js';

export interface MethodsOptions {
  readonly graph: Graph;
  readonly inputs: InputArtifacts;
  readonly results: ReadonlyMap<string, ResultRecord>;
  readonly keys: ReadonlyMap<StepNode, StepKeys>;
}

/**
 * A methods section of what led to the published results: the sentences that the step types bring, in the order of the
 * graph, with the values that were really used; and its references, as a list and for BibTeX.
 */
export async function composeMethods(options: MethodsOptions): Promise<{ markdown: string; bibliography: string }> {
  const { graph } = options;
  const { workflow } = graph;
  const contributing = contributors(graph, options.results);
  const paragraphs = new Map<keyof typeof sections, string[]>();
  const references = new Map<string, Reference>();
  for (const step of workflow.steps) {
    const instances = contributing.get(step);
    if (!instances) continue;
    const { section, text, references: own } = await textOf(step, factsOf(step, instances, options));
    for (const reference of own) references.set(reference.key, reference);
    const paragraph = paragraphs.get(section) ?? [];
    // Two steps of one type with the same parameters (smoothing for the fit and for the signal) are told once.
    if (!paragraph.includes(text)) paragraph.push(text);
    paragraphs.set(section, paragraph);
  }
  const body = [...paragraphs].flatMap(([section, texts]) => [`## ${sections[section]}`, texts.join(' ')]);
  const cited = citedKeys(body.join('\n')).flatMap((key) => references.get(key) ?? []);
  const inOrder = cited.sort((a, b) => (listed(a) < listed(b) ? -1 : 1));
  const markdown = [
    `# Methods of ${workflow.name} (${workflow.experiment})`,
    intro(options),
    ...body.map((part) => withCitations(part, references)),
    ...(inOrder.length > 0 ? ['## References', inOrder.map((one) => `- ${listed(one)}`).join('\n')] : []),
    NOTE,
  ];
  return { markdown: `${markdown.join('\n\n')}\n`, bibliography: inOrder.map(bibtex).join('\n') };
}

const DIGEST = /^[0-9a-f]{64}$/;

const NOTE =
  '*Written by voxreel from what was computed, to be used in publications as it is or changed. It says nothing of how images were acquired and prepared before.*';

function intro({ keys }: MethodsOptions): string {
  const programs = new Set<string>();
  for (const { tools } of keys.values()) {
    for (const { program, version } of programsOf(tools)) {
      // The digest of a step file of the study says nothing to a reader.
      if (!DIGEST.test(version)) programs.add(`${program} ${version}`);
    }
  }
  const used = programs.size > 0 ? `, using ${listOf([...programs])}` : '';
  return `Results were computed with voxreel ${voxreelVersion()}${used}. Parameters that are not named have the defaults of the step types; all are in ro-crate-metadata.json.`;
}

/** Instances with a result that something published descends from, by step. */
function contributors(graph: Graph, results: MethodsOptions['results']): Map<StepNode, Instance[]> {
  const wanted = new Set<string>();
  const open = [...graph.outputs.values()]
    .flat()
    .flatMap(({ source }) => (source.kind === 'instance' ? [source.id] : []));
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (wanted.has(id) || !results.has(id)) continue;
    wanted.add(id);
    open.push(...sourcesOf(graph.byId.get(id)!));
  }
  const steps = new Map<StepNode, Instance[]>();
  for (const instance of graph.byId.values()) {
    if (wanted.has(instance.id)) steps.set(instance.step, [...(steps.get(instance.step) ?? []), instance]);
  }
  return steps;
}

/** The sentences of the step type; of a step type without any, that it was there. */
async function textOf({ name, type, params }: StepNode, facts: MethodsFacts): Promise<MethodsText> {
  if (type.methods) {
    const told = await type.methods({ ...facts, params });
    return typeof told === 'string' ? { section: 'other', text: told, references: [] } : told;
  }
  const times = facts.count > 1 ? `, ${counted(facts.count, 'time')}` : '';
  const title = type.title === type.name ? '' : ` (${type.title})`;
  return { section: 'other', text: `The step \`${name}\` ran \`${type.name}\`${title}${times}.`, references: [] };
}

function factsOf(step: StepNode, instances: readonly Instance[], options: MethodsOptions): MethodsFacts {
  const { inputs, results, keys } = options;
  const outputs: Record<string, JsonObject[]> = {};
  for (const { id } of instances) {
    for (const [port, { meta }] of Object.entries(results.get(id)!.outputs)) {
      outputs[port] = [...(outputs[port] ?? []), meta];
    }
  }
  const metaOf = (source: Source): JsonObject[] => {
    if (source.kind === 'input') return [inputs.get(source.input)?.meta ?? {}];
    const output = results.get(source.id)?.outputs[source.port];
    return output ? [output.meta] : [];
  };
  const taken = Object.entries(instances[0]!.inputs).map(([port, given]) => {
    const sources = Array.isArray(given) ? (given as readonly Source[]) : [given as Source];
    return [port, sources.flatMap(metaOf)] as const;
  });
  const subjects = new Set(instances.flatMap(({ entities }) => (entities?.sub === undefined ? [] : [entities.sub])));
  return {
    params: step.params,
    count: instances.length,
    subjects: subjects.size,
    inputs: Object.fromEntries(taken),
    outputs,
    tools: keys.get(step)?.tools ?? {},
  };
}
