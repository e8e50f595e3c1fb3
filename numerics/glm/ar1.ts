import type { RowMemory } from '../rows.js';
import { knownLagOneEstimator } from './ar1-known.js';
import { expectedLagOne } from './expected-lag-one.js';
import { lagOneMetric } from './lag-one.js';
import { lagOneEstimator } from './lag-one-estimator.js';
import type { Estimator, FitModel } from './model.js';
import type { RhoRule } from './rho-rows.js';
import { severalColumnsEstimator } from './several-columns.js';

/** rho is rounded to hundredths: half of one changes a standard error by less than its own uncertainty, by far. */
const binsPerUnit = 100;
/** rho is kept within -0.99 and 0.99. */
const largestBin = 99;
const bins = 2 * largestBin + 1;

/** [bin] */
const rhoValues = Float64Array.from({ length: bins }, (_, i) => (i - largestBin) / binsPerUnit);

/** Half way between the values of rho [bin - 1]. */
export const rhoEdges = Float64Array.from({ length: bins - 1 }, (_, i) => (i - largestBin + 0.5) / binsPerUnit);

/**
 * AR(1) of every kernel at every voxel. rho is the value, to the nearest 1/100, whose residuals would be expected to
 * have the lag-1 autocorrelation that the residuals of the pair's OLS fit have (see `expectedLagOne`): a model of many
 * columns leaves residuals that are less autocorrelated than the noise, by an amount that is known. Series and design
 * are whitened (first row times `sqrt(1 - rho^2)`, then `a_t - rho a_(t-1)`) and fitted by OLS. With less than two
 * degrees of freedom the residuals say nothing of rho: 0.
 */
export async function ar1Estimator(model: FitModel, memory?: RowMemory): Promise<Estimator> {
  if (model.columns) {
    const metric = lagOneMetric(model.nuisance, model.rank, model.time, rhoValues, 'scaled');
    return severalColumnsEstimator(model, model.columns, { metric, binOf });
  }
  if (model.rhoKnown) return knownLagOneEstimator(model, rhoValues, binOf, memory);
  return lagOneEstimator(model, await correctedRule(model), 'scaled', memory);
}

/** The bin of a rho; the lowest for NaN. */
function binOf(rho: number): number {
  const bin = Math.round(rho * binsPerUnit) + largestBin;
  return bin >= 0 ? Math.min(bin, bins - 1) : 0;
}

/** Cells per kernel, over the range of its table: one look and about one comparison find the bin. */
const cells = 256;

async function correctedRule(model: FitModel): Promise<RhoRule> {
  if (model.df < 2) return { rho: rhoValues, bins: (_kernel, _ratios, out) => out.fill(largestBin) };
  const tables = tablesOf((await expectedLagOne(model, rhoEdges)).withKernel, model.kernels);
  return {
    rho: rhoValues,
    bins: (kernel, ratios, out) => {
      const table = tables[kernel]!;
      for (let v = 0; v < out.length; v++) out[v] = binAt(table, ratios[v]!);
    },
  };
}

/** The ratios at which rho passes from one bin to the next, rising, and where to begin to look. */
export interface RhoTable {
  /** [bin - 1] */
  readonly edges: Float64Array;
  /** [cell] */
  readonly start: Uint8Array;
  readonly scale: number;
}

/** From the expected ratios at `rhoEdges`. Where they fall (close to 1 with few volumes) no rho is told from another. */
export function rhoTable(expected: Float64Array): RhoTable {
  let most = Number.NEGATIVE_INFINITY;
  const edges = expected.map((value) => {
    most = Math.max(most, value);
    return most;
  });
  const scale = cells / (most - edges[0]!);
  const start = new Uint8Array(cells);
  let bin = 0;
  for (let cell = 0; cell < cells; cell++) {
    while (bin < edges.length && edges[bin]! <= edges[0]! + cell / scale) bin++;
    start[cell] = bin;
  }
  return { edges, start, scale };
}

function tablesOf(withKernel: Float64Array, kernels: number): RhoTable[] {
  const width = rhoEdges.length;
  return Array.from({ length: kernels }, (_, k) => rhoTable(withKernel.subarray(k * width, (k + 1) * width)));
}

/** Number of edges that are not above `ratio`; some bin for NaN. */
function binAt({ edges, start, scale }: RhoTable, ratio: number): number {
  const low = edges[0]!;
  if (ratio < low) return 0;
  const cell = ((ratio - low) * scale) | 0;
  let bin = cell < cells ? start[cell]! : edges.length;
  // Rounding can put a ratio that is at the border of a cell into the next one.
  while (bin > 0 && edges[bin - 1]! > ratio) bin--;
  while (bin < edges.length && edges[bin]! <= ratio) bin++;
  return bin;
}

/** rho between the bins: linear between the edges. */
export function rhoAt(table: RhoTable, ratio: number): number {
  const { edges } = table;
  const bin = binAt(table, ratio);
  if (bin === 0) return -largestBin / binsPerUnit;
  if (bin === edges.length) return largestBin / binsPerUnit;
  const share = (ratio - edges[bin - 1]!) / (edges[bin]! - edges[bin - 1]!);
  return rhoEdges[bin - 1]! + share / binsPerUnit;
}

/** Corrected rho of series that are free of the nuisance, for a model with the nuisance only [series, time] to [series]. */
export async function rhoOfResiduals(
  series: Float64Array,
  { nuisance, rank, time }: Pick<FitModel, 'nuisance' | 'rank' | 'time'>,
): Promise<Float64Array> {
  // As the models of one kernel with less than two degrees of freedom: nothing is known.
  if (time - rank < 2) return new Float64Array(series.length / time);
  const model = { nuisance, rank, time, regressors: new Float64Array(0), kernels: 0 };
  const table = rhoTable((await expectedLagOne(model, rhoEdges)).nuisanceOnly);
  return Float64Array.from({ length: series.length / time }, (_, i) => {
    let squares = 0;
    let neighbours = 0;
    let before = 0;
    for (let t = i * time; t < (i + 1) * time; t++) {
      squares += series[t]! * series[t]!;
      neighbours += series[t]! * before;
      before = series[t]!;
    }
    return squares > 0 ? rhoAt(table, (2 * neighbours) / squares) : 0;
  });
}
