import type { ValueInfo } from '../onnx-model.js';
import { FLOAT32, FLOAT64, type GraphParts } from './graph-parts.js';
import type { ConvLayer, Statistic } from './layers.js';
import { axesOf, type Signal } from './signal.js';

/** Names of the outputs: `mean:conv5_3` is float64 [1, kernel]; `map:conv5_3` is float32 [1, asked kernel, y, x]. */
export const outputName = (what: Statistic | 'map', layer: string) => `${what}:${layer}`;

/**
 * Statistics over the places of a map, as outputs of the graph. `columns`: width of the map.
 *
 * A mean over a whole map in float32 drifts by 1e-5 at 720 x 1280. So each row of the map is averaged in float32 (its
 * few hundred values cost some 1e-8) and the rows in float64. Casting the map itself would double the memory.
 */
export function statisticsOf(
  graph: GraphParts,
  layer: ConvLayer,
  map: Signal,
  columns: number,
  statistics: readonly Statistic[],
) {
  const { y, x } = axesOf(map);
  const result = (statistic: Statistic): ValueInfo => ({
    name: outputName(statistic, layer.name),
    type: 'float64',
    shape: [1, layer.kernels],
  });
  const double = (value: number) => graph.doubles([1], Float64Array.of(value));
  /** The mean over rows and columns of `values`, float64, with both axes kept. `sums`: a ReduceX over a row that adds up. */
  const meanOf = (values: string, sums: 'ReduceSum' | 'ReduceSumSquare' = 'ReduceSum') => {
    const row =
      sums === 'ReduceSum'
        ? graph.node('ReduceSum', [values, graph.integers([x])], { keepdims: 1 })
        : graph.node('ReduceSumSquare', [values], { axes: [x], keepdims: 1 });
    const doubles = graph.node('Cast', [row], { to: FLOAT64 });
    const perRow = graph.node('ReduceMean', [doubles], { axes: [y], keepdims: 1 });
    return graph.node('Div', [perRow, double(columns)]);
  };
  const flat = (value: string, statistic: Statistic) =>
    graph.output('Reshape', [value, graph.integers([1, layer.kernels])], {}, result(statistic));
  const mean = statistics.includes('mean') || statistics.includes('sd') ? meanOf(map.name) : '';

  for (const statistic of statistics) {
    if (statistic === 'mean') flat(mean, 'mean');
    if (statistic === 'max') {
      const max = graph.node('ReduceMax', [map.name], { axes: [y, x], keepdims: 1 });
      flat(graph.node('Cast', [max], { to: FLOAT64 }), 'max');
    }
    if (statistic === 'active') {
      const above = graph.node('Greater', [map.name, graph.floats([1], Float32Array.of(0))]);
      flat(meanOf(graph.node('Cast', [above], { to: FLOAT32 })), 'active');
    }
    if (statistic === 'sd') {
      // Two passes, around the mean rounded to float32; the rest of the rounding is taken off again in float64.
      const centre = graph.node('Cast', [mean], { to: FLOAT32 });
      const squares = meanOf(graph.node('Sub', [map.name, centre]), 'ReduceSumSquare');
      const offset = graph.node('Sub', [mean, graph.node('Cast', [centre], { to: FLOAT64 })]);
      const variance = graph.node('Sub', [squares, graph.node('Mul', [offset, offset])]);
      flat(graph.node('Sqrt', [graph.node('Max', [variance, double(0)])]), 'sd');
    }
  }
}
