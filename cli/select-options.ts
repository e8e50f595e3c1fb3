import type { Command } from 'commander';
import type { Selection } from '../engine/selection.js';

/** Options that choose a part of a study, or what runs although it is cached. */
export type SelectOptions = Selection;

export function withSelection(command: Command): Command {
  return command
    .option(
      '--force <step>',
      'run this step although it is cached: fit, or one item: fit[sub-03] (repeatable)',
      collect,
    )
    .option('--from <step>', 'the same, and everything that comes after it', collect)
    .option('--until <step>', 'run only this step and what it needs', collect)
    .option('--only <entity=value>', 'run only these items and what they need: subject=sub-03 (repeatable)', collect);
}

export function selectionOf({ force, from, until, only }: SelectOptions): Selection {
  return {
    ...(force ? { force } : {}),
    ...(from ? { from } : {}),
    ...(until ? { until } : {}),
    ...(only ? { only } : {}),
  };
}

/** Whether only a part of the study was asked for. */
export function isPartial({ until, only }: SelectOptions): boolean {
  return until !== undefined || only !== undefined;
}

/** `fit,group` is two names; `subject=03,04` is one entity with two values. */
function collect(text: string, all: readonly string[] = []): readonly string[] {
  const entity = /^([^=,]+)=/.exec(text)?.[1];
  const parts = text.split(',').map((part) => part.trim());
  return [...all, ...parts.map((part) => (entity === undefined || part.includes('=') ? part : `${entity}=${part}`))];
}
