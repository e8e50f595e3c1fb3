import type { Problem } from '../../artifacts/user-error.js';
import type { InputPort, Registry } from '../step-type.js';
import type { Wire } from '../workflow.js';
import type { Keys } from './document.js';
import { flowOf, stepOutput } from './flow.js';
import { didYouMean, listNames } from './nearest.js';
import { asMap, isMap } from './plain.js';
import { fanOut, itemsOf, type Scope, type WiredStep } from './scope.js';
import { type Parsed, parseWire, wireText } from './wire-text.js';

/** Reads and type-checks everything under `in` of a step. */
export function checkWires(
  step: WiredStep,
  rawIn: unknown,
  scope: Scope,
): { wires: Record<string, Wire | readonly Wire[]>; problems: Problem[] } {
  const wires: Record<string, Wire | readonly Wire[]> = {};
  const problems: Problem[] = [];
  const at = (port: string): Keys => ['steps', step.name, 'in', port];
  const ports = step.ports?.inputs;

  for (const [name, raw] of Object.entries(asMap(rawIn))) {
    const port = ports && Object.hasOwn(ports, name) ? ports[name] : undefined;
    if (ports && !port) {
      problems.push(unknownPort(step, name, scope, at(name)));
      continue;
    }
    const readOne = (text: unknown, keys: Keys): Wire | undefined => {
      if (typeof text !== 'string') return undefined;
      const wire = parseWire(text);
      const fault = 'problem' in wire ? wire.problem : port && checkWire(step, name, port, wire, scope);
      if (fault) problems.push({ ...fault, place: scope.doc.placeOf(keys) });
      return 'problem' in wire ? undefined : ({ ...wire, place: scope.doc.placeOf(keys) } as Wire);
    };
    if (!Array.isArray(raw)) {
      const wire = readOne(raw, at(name));
      if (wire) wires[name] = wire;
      continue;
    }
    if (port && !port.list) {
      const message = `\`${name}\` of \`${step.name}\` takes one ${typeText(port)}, not a list`;
      problems.push({ message, place: scope.doc.placeOf(at(name)), expected: 'a single wire' });
    } else if (raw.length === 0 && !port?.optional) {
      problems.push({
        message: `\`${name}\` of \`${step.name}\` is an empty list`,
        place: scope.doc.placeOf(at(name)),
        expected: 'at least one wire',
      });
    }
    wires[name] = raw.map((text, index) => readOne(text, [...at(name), index])).filter((wire) => wire !== undefined);
  }

  for (const [name, port] of Object.entries(ports ?? {})) {
    if (port.optional || Object.hasOwn(asMap(rawIn), name) || !(rawIn == null || isMap(rawIn))) continue;
    const sources = sourcesOf(port, step, scope);
    problems.push({
      message: `\`${step.name}\` needs something at \`in.${name}\`: ${inSentence(port.description)}`,
      place: scope.doc.placeOfKey(['steps', step.name, 'in']),
      expected: typeWords(port, scope.registry),
      ...(sources.length ? { hint: `This gives one: ${listNames(sources)}.` } : {}),
    });
  }
  return { wires, problems };
}

function checkWire(
  step: WiredStep,
  name: string,
  port: InputPort,
  wire: Parsed,
  scope: Scope,
): Omit<Problem, 'place'> | undefined {
  const flow = flowOf(step, wire, scope);
  if ('problem' in flow) return flow.problem;
  const from = wireText(wire);
  if (flow.type !== undefined && !typesOf(port).includes(flow.type)) {
    const sources = sourcesOf(port, step, scope);
    return {
      message: `\`${name}\` of \`${step.name}\` takes ${typeText(port)}, but \`${from}\` gives \`${flow.type}\``,
      expected: typeWords(port, scope.registry),
      ...(sources.length ? { hint: `This gives one: ${listNames(sources)}.` } : {}),
    };
  }
  if (flow.many === undefined || port.list || step.unclearForeach) return undefined;
  const own = fanOut(step, scope.steps);
  if (own !== undefined) {
    return {
      message: `\`${step.name}\` runs for each of \`inputs.${own}\`, but \`${from}\` belongs to \`inputs.${flow.many}\``,
      expected: `something that belongs to \`inputs.${own}\`, or to no collection`,
    };
  }
  const items = itemsOf(scope.registry, scope.inputs.get(flow.many)?.type ?? '') ?? {};
  const alternative =
    wire.kind === 'input' && wire.port && Object.hasOwn(items, wire.port) ? `, and wire \`item.${wire.port}\`` : '';
  return {
    message: `\`${from}\` gives one \`${flow.type ?? 'artifact'}\` for each of \`inputs.${flow.many}\`, but \`${name}\` of \`${step.name}\` takes one`,
    expected: 'a single artifact',
    hint: `Add \`foreach: inputs.${flow.many}\` to \`${step.name}\`${alternative}, or wire it into a port that takes a list.`,
  };
}

/** The port of each wire to a step, with a bare `steps.name` standing for the first output. */
export function withDefaultPort(wire: Wire, scope: Scope): Wire {
  if (wire.kind !== 'step' || wire.port !== '') return wire;
  const found = stepOutput(wire, scope);
  return 'problem' in found ? wire : { ...wire, port: found.port };
}

function unknownPort(step: WiredStep, name: string, scope: Scope, keys: Keys): Problem {
  const known = Object.keys(step.ports!.inputs);
  const hint = step.paramNames.includes(name)
    ? { hint: `\`${name}\` is a parameter: write it under \`with\`.` }
    : didYouMean(name, known);
  const message = `\`${step.name}\` has no input port \`${name}\``;
  return { message, place: scope.doc.placeOfKey(keys), expected: listNames(known), ...hint };
}

/** What in this file could be wired to a port, for hints. */
function sourcesOf(port: InputPort, step: WiredStep, scope: Scope): string[] {
  const types = typesOf(port);
  const sources: string[] = [];
  const own = fanOut(step, scope.steps);
  for (const [name, { type }] of scope.inputs) {
    if (type === undefined) continue;
    if (types.includes(type)) sources.push(`inputs.${name}`);
    for (const [item, itemType] of Object.entries(itemsOf(scope.registry, type) ?? {})) {
      if (!types.includes(itemType)) continue;
      if (own === name) sources.push(`item.${item}`);
      else if (port.list) sources.push(`inputs.${name}.${item}`);
    }
  }
  for (const source of scope.steps.values()) {
    const root = fanOut(source, scope.steps);
    if (source.name === step.name || !(root === undefined || root === own || port.list)) continue;
    Object.entries(source.ports?.outputs ?? {}).forEach(([output, { type }], index) => {
      if (types.includes(type)) sources.push(index === 0 ? `steps.${source.name}` : `steps.${source.name}.${output}`);
    });
  }
  return sources;
}

function typesOf(port: InputPort): readonly string[] {
  return typeof port.type === 'string' ? [port.type] : port.type;
}

function typeText(port: InputPort): string {
  return typesOf(port)
    .map((type) => `\`${type}\``)
    .join(' or ');
}

/** `` `fit` (first-level fit) `` */
function typeWords(port: InputPort, registry: Registry): string {
  return typesOf(port)
    .map((type) => {
      const title = registry.artifacts.get(type)?.title;
      return title ? `\`${type}\` (${title})` : `\`${type}\``;
    })
    .join(' or ');
}

/** A description after a colon: without its full stop, and in lower case unless it starts with an abbreviation (BOLD). */
function inSentence(text: string): string {
  const start = /^[A-Z][A-Z]/.test(text) ? text.charAt(0) : text.charAt(0).toLowerCase();
  return start + text.slice(1).replace(/\.$/, '');
}
