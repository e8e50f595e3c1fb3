import path from 'node:path';
import type { Json, JsonSchema } from '../../artifacts/artifact.js';
import type { Place, Problem } from '../../artifacts/user-error.js';
import { UserError } from '../../artifacts/user-error.js';
import type { Ports, Registry, StepType } from '../step-type.js';
import type { InputNode, OutputNode, StepNode, Wire, Workflow } from '../workflow.js';
import { checkValue } from './check-value.js';
import { type Keys, readDocument, type SpecDocument } from './document.js';
import { type CheckedEntry, checkEntry, type Entry } from './entry.js';
import { DEFAULT_EXPERIMENT, findExperiment, readExperiments, type WrittenExperiment } from './experiments.js';
import { type Foreach, fanOut, type Scope, type WiredStep } from './flow.js';
import { didYouMean, listNames } from './nearest.js';
import { dependencyOrder } from './order.js';
import { readOverrides } from './overrides.js';
import { asMap, asText, isMap } from './plain.js';
import type { Param } from './references.js';
import { inputSchema, paramsSchema, skeleton } from './schema.js';
import { isStepFile, loadStepFile } from './step-file.js';
import { checkOutput, checkWires, readForeach, withDefaultPort } from './wires.js';

export interface LoadOptions {
  readonly registry: Registry;
  /** Name of an experiment; for a matrix the name of a member (`smoothing-fwhm4`). Default: the study as it is. */
  readonly experiment?: string;
  /** `fwhm=4`, `fit.noise=ols`, `inputs.bold.task=rest`; typed by the schema of what they set. */
  readonly set?: readonly string[];
}

/** An entry of `steps` on its way to being a StepNode. */
interface Draft extends Entry {
  readonly type?: StepType;
  readonly place: Place;
}

/**
 * Reads a workflow file and checks everything that can be known without opening its inputs: keys, parameters and
 * their ranges, names, types of wires, fan-outs, cycles.
 * @throws UserError with every problem of the file, in the order of the file.
 */
export async function loadWorkflow(file: string, options: LoadOptions): Promise<Workflow> {
  const { registry } = options;
  const doc = await readDocument(path.resolve(file));
  const problems: Problem[] = [...doc.problems, ...checkSkeleton(doc)];
  const top = asMap(doc.value);
  const baseDir = path.dirname(doc.file);

  const { experiments, problems: experimentProblems } = readExperiments(doc);
  problems.push(...experimentProblems);
  const experiment = findExperiment(experiments, options.experiment ?? DEFAULT_EXPERIMENT, doc.file);

  const inputEntries = Object.entries(asMap(top.inputs)).map(([name, raw]) =>
    readInput(name, raw, doc, registry, problems),
  );
  const drafts = await Promise.all(
    Object.entries(asMap(top.steps)).map(([name, raw]) => readStep(name, raw, doc, baseDir, registry, problems)),
  );
  const written = readParams(doc, experiment, problems);
  const names = {
    params: [...written.keys()],
    inputs: inputEntries.map((entry) => entry.name),
    steps: drafts.map((draft) => draft.name),
  };
  const overrides = readOverrides(options.set ?? [], names, [...inputEntries, ...drafts], written);
  problems.push(...overrides.problems);
  const { params, assignments } = overrides;

  const check = (entry: Entry): CheckedEntry => {
    const checked = checkEntry(entry, doc, params, assignments);
    problems.push(...checked.problems);
    return checked;
  };
  const inputs = new Map<string, InputNode>();
  for (const entry of inputEntries) {
    const { value, placeOf } = check(entry);
    const { type, ...spec } = value;
    inputs.set(entry.name, { name: entry.name, type: String(type), spec, place: doc.placeOfKey(entry.base), placeOf });
  }
  const checked = new Map(drafts.map((draft) => [draft.name, check(draft)]));
  const ports = new Map(
    drafts.map((draft) => [draft.name, portsOf(draft, checked.get(draft.name)!, registry, problems)]),
  );

  const steps = new Map<string, WiredStep>();
  const scope: Scope = {
    doc,
    registry,
    inputs: new Map(inputEntries.map(({ name, raw, schema }) => [name, schema ? { type: String(raw.type) } : {}])),
    steps,
  };
  for (const name of names.steps) steps.set(name, { name, paramNames: [] });
  for (const draft of drafts) {
    const foreach = foreachOf(draft.name, scope, problems);
    const own = ports.get(draft.name);
    const paramNames = Object.keys(draft.type?.params.properties ?? {});
    steps.set(draft.name, {
      name: draft.name,
      paramNames,
      ...(own ? { ports: own } : {}),
      ...(foreach ? { foreach } : {}),
    });
  }
  checkFanOuts(scope, problems);

  const wires = new Map<string, Record<string, Wire | readonly Wire[]>>();
  for (const step of steps.values()) {
    const result = checkWires(step, asMap(asMap(top.steps)[step.name]).in, scope);
    problems.push(...result.problems);
    wires.set(step.name, result.wires);
  }
  const order = orderSteps(scope, wires, problems);
  const declared = readOutputs(scope, problems);
  if (problems.length > 0) throw new UserError(inFileOrder(problems, doc.file));

  const nodes = new Map(
    drafts.map((draft): [string, StepNode] => {
      const { name, type, place } = draft;
      const { value, placeOf } = checked.get(name)!;
      const { foreach } = steps.get(name)!;
      const own = Object.entries(wires.get(name)!).map(([port, wire]) => [port, defaultPorts(wire, scope)]);
      return [
        name,
        {
          name,
          type: type!,
          ports: ports.get(name)!,
          params: value,
          ...(foreach ? { foreach } : {}),
          wires: Object.fromEntries(own),
          place,
          placeOf,
        },
      ];
    }),
  );
  return {
    file: doc.file,
    baseDir,
    name: top.name as string,
    experiment: experiment.name,
    params: Object.fromEntries([...params].map(([name, { value }]) => [name, value])),
    inputs,
    steps: order.map((name) => nodes.get(name)!),
    outputs: declared ?? finalOutputs(nodes, registry),
  };
}

function checkSkeleton(doc: SpecDocument): Problem[] {
  if (!isMap(doc.value)) {
    const message = `the file holds ${Array.isArray(doc.value) ? 'a list' : 'a single value'}, not a workflow`;
    throw new UserError({ message, place: doc.placeOf([]), expected: 'keys such as `voxreel: 1`, `name` and `steps`' });
  }
  return checkValue(skeleton, structuredClone(doc.value)).map(({ keys, atKey, message, expected, hint }) => ({
    message,
    place: atKey ? doc.placeOfKey(keys) : doc.placeOf(keys),
    ...(expected ? { expected } : {}),
    ...(hint ? { hint } : {}),
  }));
}

function readInput(name: string, raw: unknown, doc: SpecDocument, registry: Registry, problems: Problem[]): Entry {
  const entry: Entry = { kind: 'input', name, base: ['inputs', name], raw: asMap(raw) };
  const typeName = asText(entry.raw.type);
  if (typeName === undefined) return entry;
  const type = registry.artifacts.get(typeName);
  if (type?.input) return { ...entry, schema: schemaOf(type, () => inputSchema(type)) };
  const known = [...registry.artifacts.values()]
    .filter((candidate) => candidate.input)
    .map((candidate) => candidate.name);
  problems.push({
    message: type
      ? `a \`${typeName}\` comes out of a step and cannot be an input`
      : `there is no input type \`${typeName}\``,
    place: doc.placeOf([...entry.base, 'type']),
    expected: listNames(known),
    ...(type ? {} : didYouMean(typeName, known)),
  });
  return entry;
}

async function readStep(
  name: string,
  raw: unknown,
  doc: SpecDocument,
  baseDir: string,
  registry: Registry,
  problems: Problem[],
): Promise<Draft> {
  const base = ['steps', name];
  const draft: Draft = {
    kind: 'step',
    name,
    base: [...base, 'with'],
    raw: asMap(asMap(raw).with),
    place: doc.placeOfKey(base),
  };
  const uses = asText(asMap(raw).uses);
  if (uses === undefined) return draft;
  const place = doc.placeOf([...base, 'uses']);
  let type = registry.steps.get(uses);
  if (isStepFile(uses)) {
    try {
      type = await loadStepFile(baseDir, uses);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.problems.map((problem) => ({ place, ...problem })));
      return draft;
    }
  } else if (!type) {
    const known = [...registry.steps.keys()];
    const expected = `${listNames(known)}; or a file such as \`./my-step.js\``;
    problems.push({ message: `there is no step type \`${uses}\``, place, expected, ...didYouMean(uses, known) });
    return draft;
  }
  return { ...draft, type: type!, schema: schemaOf(type!, () => paramsSchema(type!)) };
}

const schemas = new WeakMap<object, JsonSchema>();

/** One schema object per type, so that it is compiled once. */
function schemaOf(type: object, make: () => JsonSchema): JsonSchema {
  const schema = schemas.get(type) ?? make();
  schemas.set(type, schema);
  return schema;
}

/** The parameters of the study for one experiment. */
function readParams(doc: SpecDocument, experiment: WrittenExperiment, problems: Problem[]): Map<string, Param> {
  const params = new Map<string, Param>();
  const add = (name: string, value: Json, source: string, base: Keys) =>
    params.set(name, { value, source, placeOf: (keys) => doc.placeOf([...base, ...keys]) });
  for (const [name, value] of Object.entries(asMap(asMap(doc.value).params)))
    add(name, value as Json, `params.${name}`, ['params', name]);
  for (const [name, value] of Object.entries(experiment.params)) {
    if (params.has(name)) add(name, value, `experiments.${experiment.name}`, experiment.written.get(name)!);
  }
  for (const { value, placeOf } of params.values()) checkData(value, [], placeOf, problems);
  return params;
}

function checkData(value: Json, keys: Keys, placeOf: (keys: Keys) => Place, problems: Problem[]): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    problems.push({
      message: `${value} is not a value for a parameter`,
      place: placeOf(keys),
      expected: 'a finite number',
    });
  } else if (typeof value === 'string' && value.includes('${params.')) {
    problems.push({ message: 'a parameter cannot refer to another one', place: placeOf(keys), expected: 'a value' });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkData(item as Json, [...keys, key], placeOf, problems);
  }
}

/** The ports of a step; none if its parameters, which may define them, are wrong. */
function portsOf(draft: Draft, entry: CheckedEntry, registry: Registry, problems: Problem[]): Ports | undefined {
  const { type, name } = draft;
  if (!type) return undefined;
  if (entry.problems.length === 0) {
    const found = type.checkParams?.(entry.value) ?? [];
    problems.push(...found.map(({ keys = [], ...problem }) => ({ place: entry.placeOf(keys), ...problem })));
    if (found.length > 0 && type.dynamicPorts) return undefined;
  } else if (type.dynamicPorts) return undefined;
  const { inputs, outputs } = type.dynamicPorts?.(entry.value) ?? type;
  const known = [...registry.artifacts.values()]
    .filter((artifact) => !artifact.input?.items)
    .map((artifact) => artifact.name);
  // Types of built-in ports are checked by a test; those of the study's own are checked here.
  for (const [side, ports] of Object.entries({ inputs, outputs })) {
    for (const [port, declared] of Object.entries(ports)) {
      for (const artifact of [declared.type].flat()) {
        if (known.includes(artifact)) continue;
        const message = `port \`${port}\` of \`${name}\` has the unknown type \`${artifact}\``;
        problems.push({
          message,
          place: entry.placeOf([side, port, 'type']),
          expected: listNames(known),
          ...didYouMean(artifact, known),
        });
      }
    }
  }
  return { inputs, outputs };
}

function foreachOf(name: string, scope: Scope, problems: Problem[]): Foreach | undefined {
  const text = asText(asMap(asMap(asMap(scope.doc.value).steps)[name]).foreach);
  if (text === undefined) return undefined;
  const foreach = readForeach(text, ['steps', name, 'foreach'], scope);
  if ('kind' in foreach) return foreach;
  problems.push(foreach);
  return undefined;
}

/** `foreach: steps.x` needs a step that is itself fanned out. */
function checkFanOuts(scope: Scope, problems: Problem[]): void {
  const top = asMap(asMap(scope.doc.value).steps);
  for (const { name, foreach } of scope.steps.values()) {
    if (foreach?.kind !== 'step') continue;
    const source = asMap(top[foreach.name]);
    if (source.foreach !== undefined || fanOut(scope.steps.get(foreach.name), scope.steps) !== undefined) continue;
    problems.push({
      message: `\`steps.${foreach.name}\` runs once: there is nothing to go through`,
      place: scope.doc.placeOf(['steps', name, 'foreach']),
      expected: 'a step that has `foreach` itself, or a collection input',
    });
  }
}

/** Puts every step after what it needs; reports cycles. */
function orderSteps(
  scope: Scope,
  wires: ReadonlyMap<string, Readonly<Record<string, Wire | readonly Wire[]>>>,
  problems: Problem[],
): readonly string[] {
  const needs = new Map<string, { readonly step: string; readonly place: Place }[]>();
  for (const { name, foreach } of scope.steps.values()) {
    const found = Object.values(wires.get(name) ?? {}).flat() as Wire[];
    const list = found.flatMap((wire) => (wire.kind === 'step' ? [{ step: wire.step, place: wire.place }] : []));
    if (foreach?.kind === 'step')
      list.push({ step: foreach.name, place: scope.doc.placeOf(['steps', name, 'foreach']) });
    needs.set(name, list);
  }
  const { order, cycles } = dependencyOrder(
    new Map([...needs].map(([name, list]) => [name, list.map(({ step }) => step)])),
  );
  for (const cycle of cycles) {
    const [first, second] = cycle as [string, string];
    const pairs = cycle.slice(1).map((need, index) => `\`${cycle[index]}\` needs \`${need}\``);
    problems.push({
      message:
        cycle.length === 2
          ? `\`${first}\` needs its own result`
          : `these steps wait for each other: ${pairs.join(', ')}`,
      place: needs.get(first)!.find(({ step }) => step === second)!.place,
      expected: 'wires that go one way',
    });
  }
  return order;
}

function readOutputs(scope: Scope, problems: Problem[]): Map<string, OutputNode> | undefined {
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
function finalOutputs(nodes: ReadonlyMap<string, StepNode>, registry: Registry): Map<string, OutputNode> {
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

function defaultPorts(wire: Wire | readonly Wire[], scope: Scope): Wire | readonly Wire[] {
  return Array.isArray(wire) ? wire.map((one) => withDefaultPort(one, scope)) : withDefaultPort(wire as Wire, scope);
}

/** By line and column; what is not in the file (`--set`) comes last. */
function inFileOrder(problems: readonly Problem[], file: string): Problem[] {
  const rank = ({ place }: Problem) => [place?.file === file ? 0 : 1, place?.line ?? 0, place?.column ?? 0] as const;
  return [...problems].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
  });
}
