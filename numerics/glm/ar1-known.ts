import { plainRows, type RowMemory } from '../rows.js';
import { byProducts, voxelsPerRow } from './by-products.js';
import { lagOneMetric, lagOneSeries, whitenedNorms, whitenedSeries } from './lag-one.js';
import type { Estimator, FitModel } from './model.js';

/**
 * AR(1) of every kernel at every voxel where rho is one of `values` and the same for all kernels of a voxel: series and
 * design are whitened (first row times `sqrt(1 - rho^2)`, then `a_t - rho a_(t-1)`) and fitted by OLS. A voxel's series is
 * brought to a form whose product with a regressor is the whitened one, so all pairs are one matrix product, as in OLS.
 */
export async function knownLagOneEstimator(
  model: FitModel,
  values: Float64Array,
  binOf: (rho: number) => number,
  memory: RowMemory = plainRows,
): Promise<Estimator> {
  const { time, rank, kernels, df } = model;
  const metric = lagOneMetric(model.nuisance, rank, time, values, 'scaled');
  const side = await lagOneSeries(metric, model.regressors, kernels, time);
  // One over the whitened norm [kernel, place]; a subject meets some fifty of the values, each gets a place when it is met.
  let inverseNorms = new Float64Array(0);
  let places = 0;
  const placeOf = new Int32Array(values.length).fill(-1);
  const inverseRow = memory.float64(voxelsPerRow);
  const perDf = df > 0 ? 1 / df : Number.NaN;
  let placeOfVoxel = new Int32Array(0);

  const meet = (bins: Int32Array) => {
    const fresh = [...new Set(bins)].filter((bin) => placeOf[bin]! < 0).sort((a, b) => a - b);
    if (fresh.length === 0) return;
    const wider = new Float64Array(kernels * (places + fresh.length));
    const width = places + fresh.length;
    for (let k = 0; k < kernels; k++) wider.set(inverseNorms.subarray(k * places, (k + 1) * places), k * width);
    fresh.forEach((bin, i) => {
      placeOf[bin] = places + i;
      const norms = whitenedNorms(metric, bin, side);
      for (let k = 0; k < kernels; k++) wider[k * width + places + i] = norms[k]! > 0 ? 1 / norms[k]! : Number.NaN;
    });
    inverseNorms = wider;
    places = width;
  };

  return byProducts(
    model,
    memory,
    async ({ bold, voxels, rho }) => {
      if (!rho) throw new Error('a block without the rho of its voxels');
      const bins = Int32Array.from(rho, binOf);
      meet(bins);
      placeOfVoxel = bins.map((bin) => placeOf[bin]!);
      return whitenedSeries(metric, bins, bold, voxels, time);
    },
    (kernel, firstVoxel, products, at, norms, effect, se) => {
      const from = kernel * places;
      for (let v = 0; v < effect.length; v++) inverseRow[v] = inverseNorms[from + placeOfVoxel[firstVoxel + v]!]!;
      memory.estimateEach(products, at, norms, inverseRow, perDf, effect, se);
    },
    (kernel, voxel) => inverseNorms[kernel * places + placeOfVoxel[voxel]!]!,
  );
}
