import type { Reason } from './events.js';

/** Why a step runs or does not, in words. */
export function reasonText(reason: Reason): string {
  switch (reason.kind) {
    case 'cached':
      return 'cached';
    case 'first-time':
      return 'first time';
    case 'param-changed':
      return `${reason.name}: ${JSON.stringify(reason.before)} -> ${JSON.stringify(reason.after)}`;
    case 'input-changed':
      return `${reason.port} ${reason.change} (${reason.origin})`;
    case 'step-version':
      return `the step itself changed (version ${reason.before} -> ${reason.after})`;
    case 'tool-changed':
      return `${reason.tool} ${reason.before} -> ${reason.after}`;
    case 'damaged':
      return `its stored result is damaged: ${reason.detail}`;
    case 'upstream':
      return `if ${few(reason.instances, 'or')} ${reason.instances.length === 1 ? 'gives' : 'give'} another result`;
  }
}

/** Three names at most, or two and how many more. */
export function few(names: readonly string[], word: 'and' | 'or' = 'and'): string {
  if (names.length <= 3) return names.join(', ');
  return `${names.slice(0, 2).join(', ')} ${word} ${names.length - 2} more`;
}
