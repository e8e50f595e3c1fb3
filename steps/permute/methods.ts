import { listOf, type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { designWords } from '../group/design-words.js';
import { cited } from '../references.js';
import type { PermuteParams } from './index.js';
import { kernelWords } from './kernel-words.js';

export function methods(facts: MethodsFacts<PermuteParams>): MethodsText {
  const { params, inputs, outputs } = facts;
  const { permutations, seed, sides, inference, cluster_p: height, connectivity, design } = params;
  const signs = design === 'one-sample' || design === 'paired';
  const clusters = inference.includes('extent') || inference.includes('mass');
  const words: Readonly<Record<string, string>> = {
    voxel: 'the largest t',
    extent: 'the largest cluster extent',
    mass: 'the largest cluster mass [@bullmore1999]',
    tfce: `the largest value of threshold-free cluster enhancement (E = ${params.extent_power}, H = ${params.height_power}) [@smith2009]`,
  };
  return cited(
    'group',
    sentences(
      `Of ${kernelWords(params.kernels, inputs)}, p values corrected for multiple comparisons over voxels (family-wise error) were found by permutation [@nichols2002; @winkler2014]: ${designWords(params, facts, outputs.maps?.[0])} was repeated at most ${permutations} times (seed ${seed}) with ${signs ? 'the signs of the subjects flipped' : 'the subjects permuted'}, ${sides}-sided, and compared with the distribution of ${listOf(inference.map((one) => words[one] ?? one))}.`,
      clusters && `Clusters were formed at p < ${height}, uncorrected, over ${connectivity} neighbours.`,
    ),
  );
}
