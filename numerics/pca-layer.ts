import { type Pca, pca } from './pca.js';

/** Pool task `pca.layer`: the components of one layer, away from the main thread. `series` is `[sample, kernel]`. */
export function run(layer: { series: Float64Array; samples: number; kernels: number; standardise: boolean }): Pca {
  return pca(layer.series, layer.samples, layer.kernels, layer.standardise);
}
