import type { Problem } from '../../artifacts/user-error.js';
import type { OutputPort } from '../step-type.js';
import { didYouMean, listNames } from './nearest.js';
import { fanOut, itemsOf, type Scope, type WiredStep } from './scope.js';
import type { Found, Parsed } from './wire-text.js';

/** What comes along a wire. */
export interface Flow {
  /** Absent where it cannot be known because of a fault elsewhere. */
  readonly type?: string;
  /** The collection input whose items arrive all at once. */
  readonly many?: string;
}

/** The type that comes along a wire, and whether it is one artifact (also when paired with the step's own item) or many. */
export function flowOf(step: WiredStep, wire: Parsed, scope: Scope): Found<Flow> {
  const own = fanOut(step, scope.steps);
  if (wire.kind === 'step') {
    const found = stepOutput(wire, scope);
    if ('problem' in found) return found;
    const root = fanOut(scope.steps.get(wire.step), scope.steps);
    return { type: found.output?.type, ...(root !== undefined && root !== own ? { many: root } : {}) };
  }
  if (wire.kind === 'item') return itemFlow(step, wire.port, scope);
  const input = scope.inputs.get(wire.name);
  if (!input) {
    const known = [...scope.inputs.keys()];
    const hint = scope.steps.has(wire.name)
      ? { hint: `There is a step of that name: \`steps.${wire.name}\`.` }
      : didYouMean(wire.name, known);
    return { problem: { message: `there is no input \`${wire.name}\``, expected: listNames(known), ...hint } };
  }
  if (input.type === undefined) return {};
  const items = itemsOf(scope.registry, input.type);
  if (!items) {
    if (wire.port === undefined) return { type: input.type };
    return {
      problem: {
        message: `\`inputs.${wire.name}\` is one \`${input.type}\` and has no port \`${wire.port}\``,
        expected: `\`inputs.${wire.name}\``,
      },
    };
  }
  if (wire.port === undefined) {
    const ports = Object.keys(items);
    const hint = step.foreach
      ? `With \`foreach\`, wire ${listNames(ports.map((port) => `item.${port}`))}.`
      : `Add \`foreach: inputs.${wire.name}\` and wire \`item.${ports[0]}\`; or \`inputs.${wire.name}.${ports[0]}\` for all of them as a list.`;
    const expected = listNames(ports.map((port) => `inputs.${wire.name}.${port}`));
    return {
      problem: {
        message: `\`inputs.${wire.name}\` is a collection (\`${input.type}\`), which cannot be wired as a whole`,
        expected,
        hint,
      },
    };
  }
  if (!Object.hasOwn(items, wire.port)) {
    return { problem: unknownOf('port', wire.port, `the items of \`inputs.${wire.name}\``, Object.keys(items)) };
  }
  return { type: items[wire.port]!, ...(wire.name === own ? {} : { many: wire.name }) };
}

function itemFlow(step: WiredStep, port: string, scope: Scope): Found<Flow> {
  const { foreach } = step;
  if (step.unclearForeach) return {};
  if (!foreach) {
    const collections = [...scope.inputs].filter(
      ([, input]) => input.type && itemsOf(scope.registry, input.type)?.[port],
    );
    const example = collections[0] ? `inputs.${collections[0][0]}` : 'inputs.name';
    return {
      problem: {
        message: `\`item.${port}\` has no meaning in \`${step.name}\`, which has no \`foreach\``,
        expected: '`inputs.name` or `steps.name`',
        hint: `Add \`foreach: ${example}\` to \`${step.name}\` for one instance per item.`,
      },
    };
  }
  if (foreach.kind === 'step') {
    const source = scope.steps.get(foreach.name);
    if (!source?.ports) return {};
    const { outputs } = source.ports;
    if (Object.hasOwn(outputs, port)) return { type: outputs[port]!.type };
    return { problem: unknownOf('port', port, `the items of \`steps.${foreach.name}\``, Object.keys(outputs)) };
  }
  const type = scope.inputs.get(foreach.name)?.type;
  const items = type === undefined ? undefined : itemsOf(scope.registry, type);
  if (!items) return {};
  if (Object.hasOwn(items, port)) return { type: items[port]! };
  return {
    problem: unknownOf('port', port, `the items of \`inputs.${foreach.name}\` (\`${type}\`)`, Object.keys(items)),
  };
}

/** The output a `steps.name[.port]` means; without `output` where the step has a fault of its own. */
export function stepOutput(
  wire: { step: string; port: string },
  scope: Scope,
): Found<{ port: string; output?: OutputPort }> {
  const step = scope.steps.get(wire.step);
  if (!step) {
    const known = [...scope.steps.keys()];
    const hint = scope.inputs.has(wire.step)
      ? { hint: `There is an input of that name: \`inputs.${wire.step}\`.` }
      : didYouMean(wire.step, known);
    return { problem: { message: `there is no step \`${wire.step}\``, expected: listNames(known), ...hint } };
  }
  if (!step.ports) return { port: wire.port };
  const { outputs } = step.ports;
  const port = wire.port || Object.keys(outputs)[0];
  if (port === undefined) return { problem: { message: `\`${wire.step}\` has no outputs` } };
  if (Object.hasOwn(outputs, port)) return { port, output: outputs[port]! };
  return { problem: unknownOf('output', port, `\`${wire.step}\``, Object.keys(outputs)) };
}

function unknownOf(what: string, name: string, owner: string, known: readonly string[]): Omit<Problem, 'place'> {
  return {
    message: `there is no ${what} \`${name}\` in ${owner}`,
    expected: listNames(known),
    ...didYouMean(name, known),
  };
}
