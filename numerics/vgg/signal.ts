import type { GraphParts } from './graph-parts.js';

/**
 * What goes from layer to layer of the graph. `planes`: [1, channel, y, x], as Conv and MaxPool want it. `places`:
 * [y, x, channel], where a place is a row of a matrix product, and moving places about copies whole rows.
 */
export interface Signal {
  readonly name: string;
  readonly order: 'planes' | 'places';
}

/** The axes of a signal. */
export const axesOf = ({ order }: Signal) =>
  order === 'planes' ? { kernel: 1, y: 2, x: 3 } : { kernel: 2, y: 0, x: 1 };

export function inPlanes(graph: GraphParts, { name, order }: Signal): Signal {
  if (order === 'planes') return { name, order };
  const planes = graph.node('Transpose', [name], { perm: [2, 0, 1] });
  return { name: graph.node('Unsqueeze', [planes, graph.integers([0])]), order: 'planes' };
}

export function inPlaces(graph: GraphParts, { name, order }: Signal): Signal {
  if (order === 'places') return { name, order };
  const places = graph.node('Transpose', [name], { perm: [0, 2, 3, 1] });
  return { name: graph.node('Squeeze', [places, graph.integers([0])]), order: 'places' };
}

/** Max pooling of 2 x 2 places, rounding down. `height`, `width`: after it. */
export function pooled(graph: GraphParts, { name, order }: Signal, height: number, width: number): Signal {
  if (order === 'planes') {
    return { name: graph.node('MaxPool', [name], { kernel_shape: [2, 2], strides: [2, 2] }), order };
  }
  // ONNX has no pooling of this order.
  const corners = [0, 1].flatMap((y) =>
    [0, 1].map((x) =>
      graph.node('Slice', [
        name,
        graph.integers([y, x]),
        graph.integers([2 * height, 2 * width]),
        graph.integers([0, 1]),
        graph.integers([2, 2]),
      ]),
    ),
  );
  return { name: graph.node('Max', corners), order };
}
