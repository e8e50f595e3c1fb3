import type { Workflow } from '../../engine/workflow.js';
import { short } from '../../proof/judge.js';
import { type Spreads, toleranceOfSpread } from '../../proof/spread.js';
import { columns, count } from '../terminal/text.js';

/** What noise did to the outputs: of each the content with the largest spread, and what follows for its tolerance. */
export function spreadLines(spreads: Spreads, { outputs }: Workflow, runs: number): string[] {
  const rows = [...outputs.values()].flatMap(({ name, wire }): string[][] => {
    if (wire.kind !== 'step') return [];
    const contents = [...spreads]
      .filter(([id]) => id.replace(/\[.*\]/, '') === `${wire.step}.${wire.port}`)
      .flatMap(([, own]) => [...own]);
    const size = (of: 'relative' | 'flipped') => Math.max(0, ...contents.map(([, spread]) => spread[of]));
    const free = [...new Set(contents.flatMap(([content, { words }]) => (words ? [content] : [])))];
    const wider = contents.filter(([, spread]) => toleranceOfSpread(spread) && !spread.words).length;
    return [
      [
        name,
        short(size('relative')),
        short(size('flipped')),
        [
          ...(wider > 0 ? [`wider tolerance for ${count(wider, 'content')}`] : []),
          ...(free.length > 0 ? [`names or shapes change, anything passes: ${free.join(', ')}`] : []),
        ].join('; ') || 'the default does',
      ],
    ];
  });
  const head = ['output', 'off by', 'flipped', 'tolerance'];
  return [`Largest spread of ${count(runs, 'run')}:`, '', ...columns([head, ...rows], [1, 2])];
}
