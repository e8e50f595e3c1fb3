import { counted, listOf } from '../../engine/methods/text.js';
import { type CompCor, type Confounds, choicesOf, type Scrubbing, type Strategy } from './confound-choices.js';

const words: Readonly<Record<Strategy, string>> = {
  motion6: 'the 6 motion parameters',
  motion12: 'the 6 motion parameters and their derivatives',
  motion24: 'the 6 motion parameters, their derivatives, and the squares of both (24, as in fMRIPrep [@esteban2019])',
  friston24: "Friston's 24 motion parameters [@friston1996]",
  csf: 'the mean signal of the cerebrospinal fluid',
  wm: 'the mean signal of the white matter',
  global: 'the global mean signal',
  acompcor: 'the first 5 components of aCompCor [@behzadi2007]',
  cosine: "fMRIPrep's discrete cosines [@esteban2019]",
  motion_outliers: 'a column for every volume that fMRIPrep marked for its motion [@esteban2019]',
  non_steady_state: 'a column for every volume before the steady state',
};

/** The confounds that were taken out, one by one. */
export function confoundWords(confounds: Confounds): string[] {
  if (confounds === 'none') return [];
  const columns: string[] = [];
  const told = choicesOf(confounds).flatMap((choice): string[] => {
    if (typeof choice === 'string') {
      if (choice in words) return [words[choice as Strategy]];
      columns.push(`\`${choice}\``);
      return [];
    }
    return [
      ...(choice.acompcor === undefined ? [] : [compCorWords(choice.acompcor)]),
      ...(choice.scrub === undefined ? [] : [scrubWords(choice.scrub)]),
    ];
  });
  return columns.length === 0 ? told : [...told, `the confounds ${listOf(columns)}`];
}

function compCorWords(choice: CompCor): string {
  const { n, mask = 'combined' } = typeof choice === 'object' ? choice : { n: choice };
  const masks = [mask].flat();
  const number = n === 'all' ? 'all components' : `the first ${counted(n, 'component')}`;
  return `${number} of aCompCor of the ${listOf(masks)} ${masks.length > 1 ? 'masks each' : 'mask'} [@behzadi2007]`;
}

function scrubWords({ fd, std_dvars: dvars, before = 0, after = 0, min_segment: segment = 0 }: Scrubbing): string {
  const limits = [
    ...(fd === undefined ? [] : [`framewise displacement above ${fd} mm`]),
    ...(dvars === undefined ? [] : [`standardised DVARS above ${dvars}`]),
  ];
  const around = [
    ...(before > 0 ? [`${counted(before, 'volume')} before`] : []),
    ...(after > 0 ? [`${counted(after, 'volume')} after`] : []),
  ];
  const more = [
    ...(around.length > 0 ? [` with ${listOf(around)}`] : []),
    ...(segment > 0 ? [`, and for stretches of less than ${counted(segment, 'volume')} between them`] : []),
  ].join('');
  return `a column for every volume with ${limits.join(' or ')}${more} [@power2012]`;
}
