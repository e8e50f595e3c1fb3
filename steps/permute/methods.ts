import { listOf, type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { designWords } from '../group/design-words.js';
import { cited } from '../references.js';
import type { PermuteParams } from './index.js';
import { kernelWords } from './kernel-words.js';
import { repetitionWords } from './repetition-words.js';

export function methods(facts: MethodsFacts<PermuteParams>): MethodsText {
  const { params, inputs, outputs } = facts;
  const { permutations, seed, sides, inference, cluster_p: height, connectivity, design } = params;
  const meta = outputs.maps?.[0];
  const what =
    design === 'one-sample' || design === 'paired' ? 'flips of the signs of subjects' : 'permutations of the subjects';
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
      `Of ${kernelWords(params.kernels, inputs)}, p values corrected for multiple comparisons over voxels (family-wise error) were found by permutation [@nichols2002; @winkler2014]: ${designWords(params, facts, meta)} was repeated, ${sides}-sided, with ${repetitionWords(meta, permutations, seed, what)}, and compared with the distribution of ${listOf(inference.map((one) => words[one] ?? one))}.`,
      clusters && `Clusters were formed at p < ${height}, uncorrected, over ${connectivity} neighbours.`,
    ),
  );
}
