import type { RegressorsData } from '../../artifacts/regressors.js';
import { sameTr } from '../../artifacts/repetition-time.js';
import { UserError } from '../../artifacts/user-error.js';
import type { GlmParams } from './index.js';

interface Timed {
  readonly volumes: number;
  /** For messages. */
  readonly origin: string;
}

/**
 * The volumes that the model uses: how many, after `drop`, and which value of the regressors belongs to the first of them.
 * Throws UserError where BOLD and regressors do not go together in time.
 */
export function volumesUsed(
  bold: Timed & { readonly tr: number },
  regressors: Pick<RegressorsData, 'volumes' | 'tr' | 'aligned'> & { readonly origin: string },
  { drop, samples }: Pick<GlmParams, 'drop' | 'samples'>,
): { count: number; first: number } {
  if (!sameTr(bold.tr, regressors.tr)) {
    throw new UserError({
      message: `${bold.origin} has a TR of ${bold.tr} s, ${regressors.origin} one of ${regressors.tr} s`,
      expected: 'the same TR',
      hint: `Set "tr: ${bold.tr}" in the step that makes the regressors.`,
    });
  }
  if (regressors.aligned) return { count: alignedVolumes(bold, regressors, { drop, samples }), first: drop };
  if (samples !== undefined && samples > regressors.volumes) {
    throw new UserError({
      message: `"samples" is ${samples}, but ${regressors.origin} has ${regressors.volumes} values per regressor`,
      expected: `${regressors.volumes} at most`,
      keys: ['samples'],
    });
  }
  const kept = volumesKept(bold, drop);
  const used = samples ?? regressors.volumes;
  if (kept === used) return { count: used, first: 0 };
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

function volumesKept(bold: Timed, drop: number): number {
  if (drop < bold.volumes) return bold.volumes - drop;
  throw new UserError({
    message: `"drop" is ${drop}, but ${bold.origin} has ${bold.volumes} volumes`,
    expected: `${bold.volumes - 1} at most`,
    keys: ['drop'],
  });
}

/** Regressors with a value for every volume of the image: volumes and values are dropped alike. */
function alignedVolumes(
  bold: Timed,
  regressors: Timed,
  { drop, samples }: Pick<GlmParams, 'drop' | 'samples'>,
): number {
  if (bold.volumes !== regressors.volumes) {
    throw new UserError({
      message: `${bold.origin} has ${bold.volumes} volumes, ${regressors.origin} was aligned to a scan of ${regressors.volumes}`,
      expected: 'the same number, before any are dropped',
      hint: 'Wire the same image to the step "align", or correct its "volumes".',
    });
  }
  const kept = volumesKept(bold, drop);
  if (samples === undefined || samples <= kept) return samples ?? kept;
  throw new UserError({
    message: `"samples" is ${samples}, but ${bold.origin} has ${kept} volumes${drop > 0 ? ` (${bold.volumes} less ${drop} dropped)` : ''}`,
    expected: `${kept} at most`,
    keys: ['samples'],
  });
}
