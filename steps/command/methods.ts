import { counted, type MethodsFacts, type MethodsText } from '../../engine/methods/text.js';
import { programsOf } from '../../engine/tool-names.js';
import { cited } from '../references.js';
import type { CommandParams } from './index.js';

/** What the program did only the user knows; the line says which it was and what came out. */
export function methods({ params, count, tools }: MethodsFacts<CommandParams>): MethodsText {
  const { run, outputs } = params;
  const line = typeof run === 'string' ? run.trim() : run.join(' ');
  const versions = programsOf(tools).map(({ program, version }) => `${program} ${version}`);
  const times = count > 1 ? `, ${counted(count, 'time')},` : '';
  const made = Object.keys(outputs).join(', ');
  return cited(
    'other',
    `The program \`${line.split('\n')[0]}\`${versions.length > 0 ? ` (${versions.join(', ')})` : ''} was run${times} and gave ${made}.`,
  );
}
