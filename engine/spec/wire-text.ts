// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import type { Problem } from '../../artifacts/user-error.js';

/** A wire as it is written, before anything is known about what it names. A bare `steps.name` has the port `''`. */
export type Parsed =
  | { readonly kind: 'input'; readonly name: string; readonly port?: string }
  | { readonly kind: 'item'; readonly port: string }
  | { readonly kind: 'step'; readonly step: string; readonly port: string };

/** Something, or what is wrong; the caller knows the place. */
export type Found<T> = T | { readonly problem: Omit<Problem, 'place'> };

export function parseWire(text: string): Found<Parsed> {
  const parts = text.trim().split('.');
  const [root, name, port] = parts;
  const whole = parts.every((part) => /^[A-Za-z][\w-]*$/.test(part));
  if (whole && root === 'inputs' && name && parts.length <= 3)
    return { kind: 'input', name, ...(port ? { port } : {}) };
  if (whole && root === 'item' && name && parts.length === 2) return { kind: 'item', port: name };
  if (whole && root === 'steps' && name && parts.length <= 3) return { kind: 'step', step: name, port: port ?? '' };
  const hint = text.includes('${')
    ? { hint: 'Parameters go under `with`; a wire is a bare reference without `${ }`.' }
    : undefined;
  return {
    problem: {
      message: `\`${text}\` is not a wire`,
      expected: '`inputs.name`, `item.port`, `steps.name` or `steps.name.port`',
      ...hint,
    },
  };
}

export function wireText(wire: Parsed): string {
  if (wire.kind === 'item') return `item.${wire.port}`;
  const [root, name] = wire.kind === 'input' ? ['inputs', wire.name] : ['steps', wire.step];
  return wire.port ? `${root}.${name}.${wire.port}` : `${root}.${name}`;
}
