import path from 'node:path';
import type { Reason } from './events.js';

const DIGEST = /^[0-9a-f]{64}$/;

/** All reasons of a step in words, those about members of one list together: a group of hundred fits has one line. */
export function reasonTexts(reasons: readonly Reason[], baseDir?: string): string[] {
  const groups = new Map<string, Reason[]>();
  for (const [index, reason] of reasons.entries()) {
    const group = reason.kind === 'input-changed' ? `${reason.port} ${reason.change}` : String(index);
    groups.set(group, [...(groups.get(group) ?? []), reason]);
  }
  return [...groups].map(([name, group]) => {
    const members = group.filter((reason) => reason.kind === 'input-changed');
    if (members.length < 2) return reasonText(group[0]!, baseDir);
    return `${name} (${few(members.map((reason) => inputDetail(reason, baseDir)))})`;
  });
}

/** Why a step runs or does not, in words. Paths below `baseDir` are shown relative to it. */
export function reasonText(reason: Reason, baseDir?: string): string {
  switch (reason.kind) {
    case 'cached':
      return 'cached';
    case 'first-time':
      return 'first time';
    case 'param-changed':
      return change(reason);
    case 'input-changed':
      return `${reason.port} ${reason.change} (${inputDetail(reason, baseDir)})`;
    case 'step-version':
      return `the step itself changed (version ${reason.before} -> ${reason.after})`;
    case 'tool-changed':
      return toolText(reason);
    case 'damaged':
      return `its stored result is damaged: ${reason.detail}`;
    case 'collected':
      return `its result is no longer in the cache${reason.when ? ` (removed by gc, ${timeText(reason.when)})` : ''}`;
    case 'forced':
      return 'asked for';
    case 'upstream':
      return `if ${few(reason.instances, 'or')} ${reason.instances.length === 1 ? 'gives' : 'give'} another result`;
  }
}

type InputReason = Extract<Reason, { kind: 'input-changed' }>;

/** Which files and facts, if it is known; else where the input comes from. */
function inputDetail(reason: InputReason, baseDir: string | undefined): string {
  const { files = [], facts = [] } = reason;
  const details = [
    ...files.map(
      ({ path: file, modified }) => `${shortPath(file, baseDir)}${modified ? `, edited ${timeText(modified)}` : ''}`,
    ),
    ...facts.map(change),
  ];
  if (details.length === 0) return shortPath(reason.origin, baseDir);
  return `${details.join('; ')}${reason.since ? `; last result ${timeText(reason.since)}` : ''}`;
}

/** Of versions of many lines the first that differs; of digests (a step file of the study) the start. */
function toolText({ tool, before, after }: Extract<Reason, { kind: 'tool-changed' }>): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const differing = old.findIndex((line, index) => line !== now[index]);
  const at = differing < 0 ? old.length : differing;
  const shown = (line = '') => (DIGEST.test(line) ? line.slice(0, 12) : line.trim() || 'nothing');
  return `${tool} changed: ${shown(old[at])} -> ${shown(now[at])}`;
}

function change({ name, before, after }: { name: string; before: unknown; after: unknown }): string {
  return `${name}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
}

function shortPath(name: string, baseDir: string | undefined): string {
  if (baseDir === undefined || !path.isAbsolute(name)) return name;
  const below = path.relative(baseDir, name);
  return below.startsWith('..') ? name : below;
}

/** `2026-11-23 14:02`, on this machine's clock. */
export function timeText(iso: string): string {
  const time = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** Three names at most, or two and how many more. */
export function few(names: readonly string[], word: 'and' | 'or' = 'and'): string {
  if (names.length <= 3) return names.join(', ');
  return `${names.slice(0, 2).join(', ')} ${word} ${names.length - 2} more`;
}
