import type { RegressorsData } from '../../artifacts/regressors.js';
import { sameTr } from '../../artifacts/repetition-time.js';
import { UserError } from '../../artifacts/user-error.js';
import type { GlmParams } from './index.js';

/** Volumes that the model uses. Throws UserError where BOLD and regressors do not go together in time. */
export function volumesUsed(
  bold: { readonly volumes: number; readonly tr: number; readonly origin: string },
  regressors: Pick<RegressorsData, 'volumes' | 'tr'> & { readonly origin: string },
  { drop, samples }: Pick<GlmParams, 'drop' | 'samples'>,
): number {
  if (!sameTr(bold.tr, regressors.tr)) {
    throw new UserError({
      message: `${bold.origin} has a TR of ${bold.tr} s, ${regressors.origin} one of ${regressors.tr} s`,
      expected: 'the same TR',
      hint: `Set "tr: ${bold.tr}" in the step that makes the regressors.`,
    });
  }
  if (samples !== undefined && samples > regressors.volumes) {
    throw new UserError({
      message: `"samples" is ${samples}, but ${regressors.origin} has ${regressors.volumes} values per regressor`,
      expected: `${regressors.volumes} at most`,
      keys: ['samples'],
    });
  }
  const kept = bold.volumes - drop;
  if (kept < 1) {
    throw new UserError({
      message: `"drop" is ${drop}, but ${bold.origin} has ${bold.volumes} volumes`,
      expected: `${bold.volumes - 1} at most`,
      keys: ['drop'],
    });
  }
  const used = samples ?? regressors.volumes;
  if (kept === used) return used;
  const dropped = drop > 0 ? ` (${bold.volumes} less ${drop} dropped)` : '';
  const taken = samples === undefined ? '' : ` (the first ${samples} of ${regressors.volumes})`;
  throw new UserError({
    message: `${bold.origin} has ${kept} volumes${dropped}, ${regressors.origin} has ${used} values per regressor${taken}`,
    expected: 'the same number',
    hint:
      kept >= regressors.volumes / 2 && kept < regressors.volumes
        ? `If the series goes on after the scan: "samples: ${kept}".`
        : 'Check "drop" and "samples", and whether the scan was complete.',
    keys: [samples === undefined ? 'drop' : 'samples'],
  });
}
