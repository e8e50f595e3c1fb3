import type { Kernel } from '../../artifacts/kernels.js';
import { UserError } from '../../artifacts/user-error.js';
import { highestFrequency } from '../../numerics/pictures/gabor.js';
import type { FeaturesParams } from './index.js';

/** The columns of each feature, which is a layer of its own; `still`: 0 where a frame is held. */
export function columnsOf({ features, frequencies, orientations }: FeaturesParams): {
  kernels: Kernel[];
  still: boolean[];
} {
  const kernels = features.flatMap((feature): Kernel[] => {
    if (feature !== 'gabor') return [{ name: feature, layer: feature, kernel: 1 }];
    return frequencies
      .flatMap((frequency) => orientations.map((orientation) => `gabor_f${frequency}_o${orientation}`))
      .map((name, n) => ({ name, layer: feature, kernel: n + 1 }));
  });
  return { kernels, still: kernels.map(({ layer }) => layer === 'motion') };
}

/** What a task needs of the parameters. */
export function featuresIn({ features, frequencies, orientations }: FeaturesParams) {
  return { features, frequencies, orientations };
}

/** Throws UserError for a frequency of `gabor` that needs more pixels than there are. */
export function requireFrequencies(
  size: { readonly width: number; readonly height: number },
  { features, frequencies }: FeaturesParams,
  origin: string,
): void {
  const highest = highestFrequency(size);
  const tooHigh = frequencies.filter((frequency) => frequency > highest);
  if (!features.includes('gabor') || tooHigh.length === 0) return;
  throw new UserError({
    message: `${tooHigh.join(' and ')} cycles per picture height do not fit into the ${size.width} x ${size.height} pixels of ${origin}`,
    expected: `at most ${Math.floor(highest)} in pictures of this size`,
    keys: ['frequencies'],
  });
}
