import type { JsonObject } from '../../artifacts/artifact.js';
import { listOf, type MethodsFacts, number } from '../../engine/methods/text.js';
import type { ContrastSpec } from '../contrast/weights.js';
import type { GroupParams } from './index.js';

type Design = Pick<GroupParams, 'group' | 'groups' | 'covariates' | 'centre' | 'contrast'> & {
  readonly design: GroupParams['design'];
};

/** What was tested over subjects, in words that follow `by` or `of`: `a one-sample t-test over 8 subjects`. */
export function designWords(params: Design, facts: Pick<MethodsFacts, 'inputs'>, meta?: JsonObject): string {
  const { design, group, groups, covariates, centre, contrast } = params;
  const subjects = number(meta, 'n') ?? facts.inputs.fits?.length;
  const over = subjects === undefined ? '' : ` over ${subjects} subjects`;
  const column = group === undefined ? '' : ` of \`${group}\`${groups ? ` (${groups.join(' minus ')})` : ''}`;
  const test = {
    'one-sample': 'a one-sample t-test',
    'two-sample': `a two-sample t-test${column}`,
    'two-sample-welch': `a two-sample t-test${column} with a variance for each group [@welch1947]`,
    paired: 'a paired t-test',
    regression: 'a regression',
  }[design];
  const names = covariates?.map((name) => `\`${name}\``) ?? [];
  const centred = centre === 'mean' ? 'centred at the mean' : 'not centred';
  const adjusted =
    names.length > 0 ? `, with ${listOf(names)} as ${names.length > 1 ? 'covariates' : 'covariate'} (${centred})` : '';
  return `${test}${over}${adjusted}${contrast === undefined ? '' : `, testing ${contrastWords(contrast)}`}`;
}

function contrastWords(contrast: ContrastSpec): string {
  if (typeof contrast === 'string') return `\`${contrast}\``;
  if (isF(contrast))
    return `${listOf(contrast.F.map(contrastWords))}${contrast.F.length > 1 ? ' together' : ''} (F test)`;
  return Object.entries(contrast)
    .map(([name, weight]) => `${weight} \`${name}\``)
    .join(' + ');
}

function isF(contrast: Exclude<ContrastSpec, string>): contrast is Extract<ContrastSpec, { F: readonly unknown[] }> {
  return Array.isArray(contrast.F);
}
