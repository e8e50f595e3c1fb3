import type { ContentDifference } from '../../proof/difference.js';
import { short } from '../../proof/judge.js';
import type { Extreme, NumberDifference } from '../../proof/number-difference.js';
import type { ContentVerdict, OutputVerdict } from '../../proof/verification.js';
import { count } from '../terminal/text.js';

const NOT_KEPT =
  'The locked data are not kept in the cache. Estimates from fingerprints, good to 25 %; root mean squares in standard deviations, of tables relative:';

/** What differs in an output: for each content its name and sentences; none where it is identical. */
export function differenceRows({ difference, contents }: OutputVerdict): [name: string, sentences: string[]][] {
  if (!difference) return [];
  if (difference.from === 'data') {
    const compared = difference.contents.flatMap((one): [string, string[]][] =>
      one.numbers ? [[one.name, sentencesOf(one, one.numbers)]] : [],
    );
    const others = difference.contents.filter(({ numbers }) => !numbers).map(({ name }) => name);
    if (others.length > 0) compared.push(['', [`not compared (other shape or voxels): ${others.join(', ')}`]]);
    return compared;
  }
  const estimated = contents.flatMap((one): [string, string[]][] => {
    const sentence = estimateOf(one);
    return sentence === undefined ? [] : [[one.name, [sentence]]];
  });
  return [['', [NOT_KEPT]], ...estimated];
}

function sentencesOf({ kind, passed, peaks }: ContentDifference, numbers: NumberDifference): string[] {
  const sentences: string[] = [];
  if (passed) {
    const { dice, locked, appeared, vanished } = passed;
    sentences.push(
      `Dice ${closeToOne(dice)}: of ${count(locked, 'voxel')} that passed ${vanished} vanished, ${appeared} appeared`,
    );
  }
  if (peaks && peaks.maps > 0) {
    const { maps, moved, farthest, where } = peaks;
    const shift = moved === 0 ? 'in place' : `${moved} moved, farthest by ${short(farthest)} mm (${where})`;
    sentences.push(`highest voxels of ${count(maps, 'map')}: ${shift}`);
  }
  return [...sentences, ...numberSentences(numbers, kind)];
}

function numberSentences(numbers: NumberDifference, kind: ContentDifference['kind']): string[] {
  const { compared, differing, unpaired, maxAbsolute, largest, maxRelative, relative, digits, correlation } = numbers;
  const others = unpaired === 0 ? [] : [`${count(unpaired, 'number')} finite in one of them only`];
  const things = kind === 'sparse' ? `${count(compared, 'voxel')} that passed in both` : count(compared, 'number');
  if (!largest || !relative) return [`${things}: all equal`, ...others];
  // Numbers of a table are of several scales: one correlation over all of them would say nothing.
  const alike = kind === 'mixed' ? '' : `, r ${closeToOne(correlation)}`;
  return [
    `${differing} of ${things} differ: ${digits} digits in common (median)${alike}`,
    `largest difference ${short(maxAbsolute)}: ${extremeText(largest)}`,
    `largest relative difference ${short(maxRelative)}: ${extremeText(relative)}`,
    ...others,
  ];
}

/** `3.1 -> 3.4, conv1_1/k3 at (0, 4, 8) mm`. */
function extremeText({ where, locked, found }: Extreme): string {
  return `${precise(locked)} -> ${precise(found)}, ${where}`;
}

/** Enough digits to see that two numbers differ, none that single precision makes up. */
function precise(value: number): string {
  return String(Number(value.toPrecision(7)));
}

/** `0.97`; nearer to 1 than three digits tell: `1 - 4.0e-8`. */
function closeToOne(value: number | null): string {
  if (value === null || Number.isNaN(value)) return 'not defined';
  return value > 0.999 && value < 1 ? `1 - ${short(1 - value)}` : short(value);
}

function estimateOf({ because, distance, status }: ContentVerdict): string | undefined {
  if (status === 'identical' || !distance) return because;
  const { relative, correlation, flipped, dice } = distance;
  const parts = [`off by ${short(relative)}`];
  if (correlation !== undefined) parts.push(`r about ${closeToOne(correlation)}`);
  if (flipped > 0) parts.push(`Dice about ${closeToOne(dice)}, about ${count(flipped, 'voxel')} flipped`);
  return parts.join(', ');
}
