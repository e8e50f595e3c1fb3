import { sha256 } from '../../cache/digest.js';
import { reasonTexts } from '../../engine/reason-text.js';
import type { Why } from '../../engine/why.js';

/** More causes of one thing than this are counted, not listed. */
const MOST = 3;

/** A tree of causes: what depends on something stands above it, indented less. Items of one step with the same causes share a line. */
export function whyLines(root: Why, baseDir: string): string[] {
  const told = new Map<string, Why>();
  const collect = (why: Why) => {
    // One that stands in the tree again has no causes there.
    if (why.reasons.length > 0 || !told.has(why.instance)) told.set(why.instance, why);
    why.causes.forEach(collect);
  };
  collect(root);
  const signatures = new Map<string, string>();
  return lines(root, 1);

  function lines(why: Why, depth: number): string[] {
    const indent = '  '.repeat(depth);
    const groups = new Map<string, Why[]>();
    for (const cause of why.causes) {
      const like = signature(cause);
      groups.set(like, [...(groups.get(like) ?? []), cause]);
    }
    const shown = [...groups.values()].slice(0, MOST);
    const more = [...groups.values()].slice(MOST).flat().length;
    return [
      ...ownReasons(why).map((text) => `${indent}${text}`),
      ...shown.flatMap((causes) => {
        const [first] = causes as [Why];
        const { step, item } = partsOf(first.instance);
        const name = causes.length > 1 ? `${step} (${causes.length} items)` : first.instance;
        const head = `${indent}${name} ${verb(first)}${first.reasons.length > 0 ? ', because' : ''}`;
        const below = lines(first, depth + 1);
        return [head, ...(causes.length > 1 ? below.map((line) => line.replaceAll(item, '[each]')) : below)];
      }),
      ...(more > 0 ? [`${indent}and ${more} more`] : []),
    ];
  }

  /** An instance that only waits for others is explained by them. */
  function ownReasons({ reasons }: Why): string[] {
    const own = reasons.filter(({ kind }) => kind !== 'upstream' && kind !== 'cached');
    return reasonTexts(own, baseDir);
  }

  /** The same for items of a step that have the same causes all the way down, but for their own name. */
  function signature({ instance }: Why): string {
    const known = signatures.get(instance);
    if (known !== undefined) return known;
    const why = told.get(instance)!;
    const { step, item } = partsOf(instance);
    const own = ownReasons(why).map((text) => (item ? text.replaceAll(item, '[each]') : text));
    const made = sha256(JSON.stringify([step, why.state, own, why.causes.map(signature)]));
    signatures.set(instance, made);
    return made;
  }
}

/** `fit[sub-01]`: step and item. */
function partsOf(instance: string): { readonly step: string; readonly item: string } {
  const at = instance.indexOf('[');
  return at < 0 ? { step: instance, item: '' } : { step: instance.slice(0, at), item: instance.slice(at) };
}

function verb({ state, reasons }: Why): string {
  switch (state) {
    case 'run':
      return 'would run';
    case 'upstream':
      return 'may run';
    case 'ran':
      return 'ran';
    case 'cached':
      return reasons.length > 0 ? 'is cached with another result than last time' : 'is cached';
  }
}
