import type { Problem } from '../../artifacts/user-error.js';
import type { Ports, Registry } from '../step-type.js';
import type { CheckedEntry } from './entry.js';
import { didYouMean, listNames } from './nearest.js';
import type { Draft } from './read-entries.js';

/** The ports of a step; none if they, or the parameters that define them, are wrong. */
export function portsOf(draft: Draft, entry: CheckedEntry, registry: Registry, problems: Problem[]): Ports | undefined {
  const { type, name } = draft;
  if (!type) return undefined;
  if (entry.problems.length === 0) {
    const found = type.checkParams?.(entry.value) ?? [];
    problems.push(...found.map(({ keys = [], ...problem }) => ({ place: entry.placeOf(keys), ...problem })));
    if (found.length > 0 && type.dynamicPorts) return undefined;
  } else if (type.dynamicPorts) return undefined;
  const { inputs, outputs } = type.dynamicPorts?.(entry.value) ?? type;
  const before = problems.length;
  // Types of built-in ports are checked by a test; those of the study's own are checked here.
  for (const [side, ports] of Object.entries({ inputs, outputs })) {
    for (const [port, declared] of Object.entries(ports)) {
      for (const artifact of [declared.type].flat()) {
        const known = registry.artifacts.get(artifact);
        if (known && !known.input?.items) continue;
        const types = [...registry.artifacts.values()].filter(({ input }) => !input?.items).map(({ name }) => name);
        const message = `port \`${port}\` of \`${name}\` has the unknown type \`${artifact}\``;
        problems.push({
          message,
          place: entry.placeOf([side, port, 'type']),
          expected: listNames(types),
          ...didYouMean(artifact, types),
        });
      }
    }
  }
  return problems.length > before ? undefined : { inputs, outputs };
}
