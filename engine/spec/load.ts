import path from 'node:path';
import type { Problem } from '../../artifacts/user-error.js';
import { UserError } from '../../artifacts/user-error.js';
import type { Registry } from '../step-type.js';
import type { InputNode, StepNode, Wire, Workflow } from '../workflow.js';
import { readAbout } from './about.js';
import { checkValue } from './check-value.js';
import { readStudy } from './compose.js';
import type { SpecDocument } from './document.js';
import { type CheckedEntry, checkEntry, type Entry } from './entry.js';
import { DEFAULT_EXPERIMENT, findExperiment, readExperiments } from './experiments.js';
import { readScope } from './foreach.js';
import { readLimits } from './limits.js';
import { orderSteps } from './order.js';
import { finalOutputs, readOutputs } from './outputs.js';
import { readOverrides } from './overrides.js';
import { readParams } from './params.js';
import { asMap, isMap } from './plain.js';
import { readInput, readStep } from './read-entries.js';
import { skeleton } from './schema.js';
import type { Scope } from './scope.js';
import { portsOf } from './step-ports.js';
import { checkWires, withDefaultPort } from './wires.js';

export interface LoadOptions {
  readonly registry: Registry;
  /** Name of an experiment; for a matrix the name of a member (`smoothing-fwhm4`). Default: the study as it is. */
  readonly experiment?: string;
  /** `fwhm=4`, `fit.noise=ols`, `inputs.bold.task=rest`; typed by the schema of what they set. */
  readonly set?: readonly string[];
}

/**
 * Reads a workflow file and checks everything that can be known without opening its inputs: keys, parameters and
 * their ranges, names, types of wires, fan-outs, cycles.
 * @throws UserError with every problem of the file, in the order of the file.
 */
export async function loadWorkflow(file: string, options: LoadOptions): Promise<Workflow> {
  const { registry } = options;
  const doc = await readStudy(path.resolve(file));
  const problems: Problem[] = [...doc.problems, ...checkSkeleton(doc)];
  const top = asMap(doc.value);
  const baseDir = path.dirname(doc.file);

  const read = readExperiments(doc);
  problems.push(...read.problems);
  const experiment = findExperiment(read.experiments, options.experiment ?? DEFAULT_EXPERIMENT, problems);

  const inputEntries = Object.entries(asMap(top.inputs)).map(([name, raw]) =>
    readInput(name, raw, doc, registry, problems),
  );
  const drafts = await Promise.all(
    Object.entries(asMap(top.steps)).map(([name, raw]) => readStep(name, raw, doc, baseDir, registry, problems)),
  );
  const entries = [...inputEntries, ...drafts];
  const written = readParams(doc, experiment, read.experiments, entries, problems);
  const names = {
    params: [...written.keys()],
    inputs: inputEntries.map((entry) => entry.name),
    steps: drafts.map((draft) => draft.name),
  };
  const overrides = readOverrides(options.set ?? [], names, entries, written);
  problems.push(...overrides.problems);
  const { params, assignments, assigned } = overrides;

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

  const scope = readScope(doc, registry, inputEntries, drafts, ports, problems);
  const wires = new Map<string, Record<string, Wire | readonly Wire[]>>();
  for (const step of scope.steps.values()) {
    const result = checkWires(step, asMap(asMap(top.steps)[step.name]).in, scope);
    problems.push(...result.problems);
    wires.set(step.name, result.wires);
  }
  const order = orderSteps(scope, wires, problems);
  const declared = readOutputs(scope, problems);
  if (problems.length > 0)
    throw new UserError(
      inFileOrder(
        problems,
        doc.files.map(({ file }) => file),
      ),
    );

  const nodes = new Map(
    drafts.map((draft): [string, StepNode] => {
      const { name, type, place } = draft;
      const { value, placeOf } = checked.get(name)!;
      const { foreach } = scope.steps.get(name)!;
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
          limits: readLimits(asMap(asMap(top.steps)[name])),
          place,
          placeOf,
        },
      ];
    }),
  );
  return {
    file: doc.file,
    files: doc.files,
    baseDir,
    name: top.name as string,
    about: readAbout(top),
    experiment: experiment.name,
    params: Object.fromEntries([...params].map(([name, { value }]) => [name, value])),
    set: assigned,
    declared: Object.fromEntries([...params].flatMap(([name, { schema }]) => (schema ? [[name, schema]] : []))),
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

function defaultPorts(wire: Wire | readonly Wire[], scope: Scope): Wire | readonly Wire[] {
  return Array.isArray(wire) ? wire.map((one) => withDefaultPort(one, scope)) : withDefaultPort(wire as Wire, scope);
}

/** By line and column; what is not in the file (`--set`) comes last. */
function inFileOrder(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const fileRank = (file = '') => (files.includes(file) ? files.indexOf(file) : files.length);
  const rank = ({ place }: Problem) => [fileRank(place?.file), place?.line ?? 0, place?.column ?? 0] as const;
  return [...problems].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
  });
}
