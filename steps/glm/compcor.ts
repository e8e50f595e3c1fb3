import type { ComponentColumns, ComponentMask } from '../../artifacts/confound-components.js';
import type { Problem } from '../../artifacts/user-error.js';
import type { CompCor } from './confound-choices.js';
import { describeColumns } from './describe-columns.js';

/** First letter of the columns where the name tells the mask (fMRIPrep 21 and later). */
const letters: Record<ComponentMask, string> = { combined: 'a', CSF: 'c', WM: 'w' };

/**
 * Columns of the components that are asked for. Which components belong to a mask is said by the JSON file beside the
 * table (`listed`), else by the name; their order is that of their numbers, which is by falling variance explained.
 */
export function componentColumns(
  asked: CompCor,
  columns: readonly string[],
  listed: ComponentColumns | undefined,
): { names: string[]; problems: Problem[] } {
  const { n, mask = 'combined' } = typeof asked === 'object' ? asked : { n: asked };
  const names: string[] = [];
  const problems: Problem[] = [];
  for (const one of [mask].flat() as ComponentMask[]) {
    const there = listed ? (listed[one] ?? []) : named(columns, one);
    if (there.length > 0 && (n === 'all' || n <= there.length)) {
      names.push(...there.slice(0, n === 'all' ? there.length : n));
    } else problems.push(tooFew(n, one, there, columns, listed));
  }
  return { names, problems };
}

function named(columns: readonly string[], mask: ComponentMask): string[] {
  const pattern = new RegExp(`^${letters[mask]}_comp_cor_(\\d+)$`);
  const numberOf = (name: string) => Number(pattern.exec(name)![1]);
  return columns.filter((name) => pattern.test(name)).sort((a, b) => numberOf(a) - numberOf(b));
}

function tooFew(
  n: number | 'all',
  mask: ComponentMask,
  there: readonly string[],
  columns: readonly string[],
  listed: ComponentColumns | undefined,
): Problem {
  const found = there.length > 0 ? `${there.length}: ${describeColumns(there)}` : 'none';
  const unsaid = !listed && mask !== 'combined' && columns.some((name) => /^a_comp_cor_\d+$/.test(name));
  return {
    message: `acompcor wants ${n === 'all' ? 'the' : n} components of the mask ${mask}; the table has ${found}`,
    expected: `columns that the file has: ${describeColumns(columns)}`,
    ...(unsaid && {
      hint: 'Which a_comp_cor columns belong to which mask is said by the JSON file that fMRIPrep writes beside the table; it is not there.',
    }),
    ...(there.length > 0 && { hint: 'Ask for fewer, or for "n: all".' }),
  };
}
