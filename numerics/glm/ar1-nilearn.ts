import type { RowMemory } from '../rows.js';
import { lagOneEstimator } from './lag-one-estimator.js';
import type { Estimator, FitModel } from './model.js';
import type { RhoRule } from './rho-rows.js';
import { severalLagOneEstimator } from './several-lag-one.js';

/** rho is truncated to hundredths, as nilearn does with `bins=100`. */
const binsPerUnit = 100;
/** |rho| stays below `cos(pi / (T + 1)) T / (T - 1)`, which is at most 1.083 (T = 5). */
const largestBin = 109;

/**
 * AR(1) of every kernel at every voxel, with the numbers of a separate nilearn 0.10 fit of each
 * (`run_glm(noise_model='ar1', bins=100)`): from the residuals `r` of the OLS fit
 *   `rho = (sum r_t r_(t+1) / (T-1)) / (sum r_t^2 / T)`, truncated toward zero to a multiple of 1/100;
 * series and design are whitened (first row as it is, `a_t - rho a_(t-1)`) and fitted by OLS.
 */
export function ar1NilearnEstimator(model: FitModel, memory?: RowMemory): Promise<Estimator> {
  if (model.columns) return severalLagOneEstimator(model, model.columns, truncatedRule(model.time));
  return lagOneEstimator(model, truncatedRule(model.time), 'kept', memory);
}

function truncatedRule(time: number): RhoRule {
  // Divided, not multiplied by 0.01, so that 29/100 is the double that nilearn's label is.
  const rho = Float64Array.from({ length: 2 * largestBin + 1 }, (_, i) => (i - largestBin) / binsPerUnit);
  const toBins = (binsPerUnit * time) / (time - 1) / 2;
  return {
    rho,
    bins: (_kernel, ratios, out) => {
      for (let v = 0; v < out.length; v++) {
        // `| 0` truncates toward zero, and takes the NaN of an unusable pair to 0.
        const place = (toBins * ratios[v]!) | 0;
        // Only the rounding that an exact fit leaves can be outside.
        out[v] = (place > largestBin || place < -largestBin ? 0 : place) + largestBin;
      }
    },
  };
}
