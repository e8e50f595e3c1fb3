import type { Json } from '../artifacts/artifact.js';
import { canonicalJson } from '../cache/canonical-json.js';
import type { Reason } from './events.js';
import type { Ingredients, InputDigest } from './keys.js';

/** What differs between the ingredients of the last result and those of the next one. Empty when nothing does. */
export function changes(
  before: Ingredients,
  after: Ingredients,
  originOf: (port: string, label?: string) => string,
): Reason[] {
  const reasons: Reason[] = [];
  if (before.step !== after.step) {
    reasons.push({ kind: 'param-changed', name: 'uses', before: before.step, after: after.step });
    return reasons;
  }
  if (before.version !== after.version) {
    reasons.push({ kind: 'step-version', before: before.version, after: after.version });
  }
  for (const name of union(before.params, after.params)) {
    const old: Json = before.params[name] ?? null;
    const now: Json = after.params[name] ?? null;
    if (canonicalJson(old) !== canonicalJson(now)) {
      reasons.push({ kind: 'param-changed', name, before: old, after: now });
    }
  }
  for (const tool of union(before.tools, after.tools)) {
    const old = before.tools[tool] ?? 'none';
    const now = after.tools[tool] ?? 'none';
    if (old !== now) reasons.push({ kind: 'tool-changed', tool, before: old, after: now });
  }
  for (const port of union(before.inputs, after.inputs)) {
    reasons.push(...inputChanges(port, before.inputs[port], after.inputs[port], originOf));
  }
  return reasons;
}

function inputChanges(
  port: string,
  before: InputDigest | undefined,
  after: InputDigest | undefined,
  originOf: (port: string, label?: string) => string,
): Reason[] {
  if (before === undefined) return [{ kind: 'input-changed', port, origin: originOf(port), change: 'added' }];
  if (after === undefined) return [{ kind: 'input-changed', port, origin: originOf(port), change: 'removed' }];
  if (typeof before === 'string' || typeof after === 'string') {
    return before === after ? [] : [{ kind: 'input-changed', port, origin: originOf(port), change: 'changed' }];
  }
  const old = new Map(before);
  const now = new Map(after);
  const reasons: Reason[] = [];
  for (const [label, digest] of after) {
    if (old.get(label) === digest) continue;
    const change = old.has(label) ? 'changed' : 'added';
    reasons.push({ kind: 'input-changed', port, label, origin: originOf(port, label), change });
  }
  for (const [label] of before) {
    if (!now.has(label)) reasons.push({ kind: 'input-changed', port, label, origin: label, change: 'removed' });
  }
  if (reasons.length === 0 && canonicalJson(before) !== canonicalJson(after)) {
    reasons.push({ kind: 'input-changed', port, origin: originOf(port), change: 'reordered' });
  }
  return reasons;
}

function union(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
