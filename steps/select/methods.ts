import { counted, listOf, type MethodsFacts, type MethodsText, sentences, theMost } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { SelectParams } from './index.js';

export function methods({ params, inputs }: MethodsFacts<SelectParams>): MethodsText {
  const {
    layers,
    regions,
    sign,
    min_voxels: voxels,
    min_selectivity: least,
    max_regions: most,
    per_region: kept,
  } = params;
  const from = inputs.atlas
    ? 'of an atlas'
    : inputs.masks
      ? 'of those given as masks'
      : 'that their own clusters formed';
  const which = layers ? ` of ${listOf(layers)}` : '';
  const only = regions ? ` (${listOf(regions)})` : '';
  return cited(
    'reverse',
    sentences(
      `Kernels${which} were selected that activated ${most === 1 ? 'one region' : `at most ${most} regions`} ${from}${only} [@sohn2024]: at least ${counted(voxels, 'voxel')} with ${sign === 'any' ? '' : `${sign} `}activation in it, and at least ${least} of all voxels of the kernel above threshold in its main region.`,
      kept > 0 &&
        `Of each layer and region ${theMost(kept, 'most selective kernel')} ${kept === 1 ? 'was' : 'were'} kept.`,
    ),
  );
}
