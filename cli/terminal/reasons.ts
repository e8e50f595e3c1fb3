import type { Reason } from '../../engine/events.js';

/** Why a step runs or does not, in words. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case 'cached':
      return 'cached';
    case 'first-time':
      return 'first time';
    case 'param-changed':
      return `${reason.name}: ${JSON.stringify(reason.before)} -> ${JSON.stringify(reason.after)}`;
    case 'input-changed':
      return `${reason.port} changed (${reason.origin})`;
    case 'step-version':
      return `the step itself changed (version ${reason.before} -> ${reason.after})`;
    case 'tool-changed':
      return `${reason.tool} ${reason.before} -> ${reason.after}`;
    case 'damaged':
      return `its stored result is damaged: ${reason.detail}`;
    case 'upstream':
      return `if ${list(reason.instances)} ${reason.instances.length === 1 ? 'gives' : 'give'} another result`;
  }
}

export function describeReasons(reasons: readonly Reason[]): string {
  return reasons.map(describeReason).join('; ');
}

/** At most three names, then how many more. */
function list(names: readonly string[]): string {
  const shown = names.length <= 4 ? names : names.slice(0, 3);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} or ${rest} more` : shown.join(', ');
}
