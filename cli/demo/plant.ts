import type { Kernel } from '../../artifacts/kernels.js';
import { regions } from './anatomy.js';
import { standardised } from './bold.js';
import { seededRandom } from './random.js';

/** Convolved series of all kernels: what the `hrf` step gives for the demo's film. */
export interface Regressors {
  readonly kernels: readonly Kernel[];
  /** [volume of the film, kernel] row-major */
  readonly values: Float64Array;
}

/** One line of the ground truth: this region follows this kernel. */
export interface Planted {
  readonly region: number;
  readonly regionName: string;
  readonly kernel: Kernel;
  /** Mean over subjects of the response, percent of the mean signal per standard deviation of the series. */
  readonly percent: number;
  /** [volume of the film], mean 0, standard deviation 1 */
  readonly series: Float64Array;
}

/** Which layer each responding region follows, early layers in early regions. The other regions of the atlas follow nothing. */
const plan: readonly { region: string; layer: string; percent: number }[] = [
  { region: 'Visual cortex', layer: 'conv1_1', percent: 0.5 },
  { region: 'Posterior cingulate', layer: 'conv2_1', percent: 0.45 },
  { region: 'Fusiform gyrus', layer: 'conv3_1', percent: 0.45 },
  { region: 'Lateral occipital cortex', layer: 'conv5_1', percent: 0.45 },
  { region: 'Supramarginal gyrus', layer: 'conv5_3', percent: 0.5 },
];

/** A series whose kurtosis is above this (a normal one has 3) is carried by a scene or two; such kernels are not planted. */
const largestKurtosis = 4;

/**
 * Chooses one kernel for each region of the plan: in the layer, of the kernels whose series is spread over the whole
 * film, the one least correlated with the kernels chosen so far (smallest largest |r|), so that a region's response can
 * be told from the others'. The first is the most typical of its layer (largest sum of squared correlations).
 * @param start volumes at the beginning that do not count for the choice: the response to the film's sudden start
 */
export function choosePlanted({ kernels, values }: Regressors, start: number): Planted[] {
  const rows = values.length / kernels.length;
  const series = kernels.map((_, k) => Float64Array.from({ length: rows }, (_, t) => values[t * kernels.length + k]!));
  const judged = series.map((all) => standardised(all.subarray(start)));
  const chosen: number[] = [];
  return plan.map(({ region, layer, percent }) => {
    const candidates = kernels.flatMap((kernel, k) => (kernel.layer === layer && isSpread(judged[k]!) ? [k] : []));
    const cost = (k: number) => Math.max(...chosen.map((other) => Math.abs(correlation(judged[k]!, judged[other]!))));
    const best = chosen.length === 0 ? mostTypical(candidates, judged) : least(candidates, cost);
    chosen.push(best);
    return {
      region: regions.find(({ name }) => name === region)!.index,
      regionName: region,
      kernel: kernels[best]!,
      percent,
      series: standardised(series[best]!),
    };
  });
}

/** How strongly one subject shows each planted response: the planned percentage with a standard deviation of 30 % of it. */
export function subjectPercents(planted: readonly Planted[], subject: string): number[] {
  const random = seededRandom(`${subject}/response`);
  return planted.map(({ percent }) => percent * Math.max(0.3, 1 + 0.3 * random.normal()));
}

/** The candidate whose series has the largest sum of squared correlations with its layer's. */
function mostTypical(candidates: readonly number[], series: readonly Float64Array[]): number {
  return least(
    candidates,
    (k) => -candidates.reduce((sum, other) => sum + correlation(series[k]!, series[other]!) ** 2, 0),
  );
}

/** Costs are compared to 1e-3, so that the last digits of a float32 network decide nothing. */
function least(candidates: readonly number[], cost: (k: number) => number): number {
  const costs = candidates.map((k) => Math.round(cost(k) * 1000));
  return candidates[costs.indexOf(Math.min(...costs))]!;
}

/** Of two standardised series. */
function correlation(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, t) => sum + value * b[t]!, 0) / a.length;
}

/** Of a standardised series: it varies, and not in single bursts. */
function isSpread(series: Float64Array): boolean {
  const kurtosis = series.reduce((sum, value) => sum + value ** 4, 0) / series.length;
  return kurtosis > 0 && kurtosis < largestKurtosis;
}
