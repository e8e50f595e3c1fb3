import type { Artifact } from '../../artifacts/artifact.js';
import { layersOf, namedLayers, requireLayers } from '../../artifacts/kernels.js';
import { readSeries } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';

/** The kernels of one layer. */
export interface LayerSeries {
  readonly layer: string;
  readonly kernels: number;
  readonly samples: number;
  /** `[sample, kernel]` row-major. */
  readonly data: Float64Array;
  /** `[sample]` mean over the kernels. */
  readonly mean: Float64Array;
}

/** Splits kernel series by layer, in the order asked for. Throws UserError for a layer that has no kernel, and for fewer than 2 samples. */
export async function readLayers(series: Artifact, wanted?: readonly string[]): Promise<LayerSeries[]> {
  const { values, samples, kernels } = await readSeries(series);
  requireLayers(namedLayers(wanted), kernels, series.origin);
  if (samples < 2) {
    throw new UserError({
      message: `${series.origin} has ${samples} sample`,
      expected: 'at least 2, to vary over time',
    });
  }
  return (wanted ?? layersOf(kernels)).map((layer) => {
    const columns = kernels.flatMap((kernel, column) => (kernel.layer === layer ? [column] : []));
    const own = new Float64Array(samples * columns.length);
    const mean = new Float64Array(samples);
    for (let n = 0; n < samples; n++) {
      for (const [k, column] of columns.entries()) {
        const value = values[n * kernels.length + column]!;
        own[n * columns.length + k] = value;
        mean[n]! += value;
      }
      mean[n]! /= columns.length;
    }
    return { layer, kernels: columns.length, samples, data: own, mean };
  });
}
