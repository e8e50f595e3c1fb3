import type { JsonObject } from '../../artifacts/artifact.js';
import { counted, type MethodsFacts, type MethodsText, number, rounded, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { ThresholdParams } from './index.js';

const corrections: Readonly<Record<ThresholdParams['correction'], string>> = {
  none: 'uncorrected',
  fdr: 'false discovery rate [@benjamini1995]',
  'fdr-by': 'false discovery rate under any dependence [@benjamini2001]',
  bonferroni: 'Bonferroni-corrected',
  'fwe-voxel': 'corrected for the voxels by permutation [@nichols2002]',
  'fwe-cluster-extent': 'corrected at the level of clusters by permutation of their extent [@nichols2002]',
  'fwe-cluster-mass': 'corrected at the level of clusters by permutation of their mass [@nichols2002; @bullmore1999]',
  tfce: 'corrected by permutation of threshold-free cluster enhancement [@smith2009]',
  'rft-voxel': 'corrected for the voxels by random field theory [@worsley1996]',
  'rft-cluster': 'corrected at the level of clusters by random field theory [@friston1994; @worsley1996]',
};

const SURROGATES = 'corrected for the voxels by surrogate regressors';

/** Of which step the null distribution is: `permute` rearranges subjects, `surrogates` regressors. */
function correctionWords(correction: ThresholdParams['correction'], maps: JsonObject | undefined): string {
  const { rearranged } = (maps?.permutation ?? {}) as JsonObject;
  const surrogates = rearranged === 'phases' || rearranged === 'shifts';
  return correction === 'fwe-voxel' && surrogates ? SURROGATES : corrections[correction];
}

export function methods({ params, inputs, outputs }: MethodsFacts<ThresholdParams>): MethodsText {
  const { statistic, correction, value, family, sides, min_extent: extent, connectivity, cluster_p: height } = params;
  const meta = outputs.thresholded?.[0];
  const df = number(meta, 'df');
  const reached = number(meta, 'threshold');
  const level = params.p ?? (correction === 'none' ? 0.001 : 0.05);
  const limit = correction === 'none' && value === undefined && reached !== undefined && df !== undefined;
  const where = limit ? `; ${statistic}(${rounded(df)}) ≥ ${rounded(reached)}` : '';
  const sign = correction === 'none' || correction === 'bonferroni' ? '<' : '≤';
  const at =
    value === undefined
      ? `p ${sign} ${level} (${sides}-sided, ${correctionWords(correction, inputs.maps?.[0])}${where})`
      : `${sides === 'one' ? statistic : `|${statistic}|`} ≥ ${value}`;
  return cited(
    'group',
    sentences(
      `Maps of ${statistic} were thresholded at ${at}.`,
      correction === 'rft-cluster' && `Clusters were formed at p < ${height}, uncorrected.`,
      correction !== 'none' &&
        (family === 'all'
          ? 'All maps were corrected together.'
          : 'Each map was corrected for itself, not for the number of maps.'),
      `Voxels above threshold were joined to clusters over ${connectivity} neighbours${extent > 1 ? `; clusters of less than ${counted(extent, 'voxel')} were left out` : ''}.`,
    ),
  );
}
