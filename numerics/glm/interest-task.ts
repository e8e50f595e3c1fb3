import { unshared } from '../shared-memory.js';
import { leadingComponents } from './leading-components.js';

/** As few components as explain this share, at most so many, and at most this share of the dimensions that there are. */
const enough = { share: 0.99, most: 20, ofDimensions: 1 / 3 };

export interface InterestPayload {
  /** Free of the nuisance [kernel, time]. */
  readonly regressors: Float64Array;
  readonly time: number;
  /** Dimensions that the nuisance leaves. */
  readonly spare: number;
}

/**
 * Pool task `glm.interest`: the directions that stand for all regressors where one estimate of the noise serves all of
 * them, as orthonormal rows [component, time]. For one regressor that is the regressor.
 */
export async function run({ regressors, time, spare }: InterestPayload): Promise<{ rows: Float64Array }> {
  const most = Math.max(1, Math.min(enough.most, Math.floor(spare * enough.ofDimensions)));
  return { rows: await leadingComponents(unshared(regressors), time, { share: enough.share, most }) };
}
