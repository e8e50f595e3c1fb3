import type { Initializer, Model, Node, ValueInfo } from '../onnx-model.js';
import {
  type Activation,
  CAFFE_MEAN_BGR,
  type ConvLayer,
  mapSize,
  type Preprocessing,
  type Statistic,
  TORCH_MEAN_RGB,
  TORCH_SD_RGB,
} from './layers.js';

export interface GraphRequest {
  /** The network from its first layer to the deepest that is asked for. */
  readonly layers: readonly ConvLayer[];
  readonly height: number;
  readonly width: number;
  readonly preprocessing: Preprocessing;
  readonly activation: Activation;
  /** Statistics over space, for these layers. */
  readonly statistics: readonly Statistic[];
  readonly statisticsOf: ReadonlySet<string>;
  /** Whole maps of single kernels (0-based), by layer. */
  readonly maps?: ReadonlyMap<string, readonly number[]>;
}

/** Names of the outputs: `mean:conv5_3` is float64 [1, kernel]; `map:conv5_3` is float32 [1, asked kernel, y, x]. */
export const outputName = (what: Statistic | 'map', layer: string) => `${what}:${layer}`;

const FLOAT32 = 1;
const FLOAT64 = 11;

/**
 * The network as an ONNX model: `frame` (uint8 [height, width, rgb]) in, statistics and maps out. Pre-processing is
 * part of it, in float32, in the order of operations of torchvision and Keras. Padding is zeros after pre-processing.
 *
 * A mean over a whole map in float32 drifts by 1e-5 at 720 x 1280. So each row of the map is averaged in float32 (its
 * few hundred values cost some 1e-8) and the rows in float64. Casting the map itself would double the memory.
 */
export function vggModel(request: GraphRequest): Model {
  const { layers, height, width, activation } = request;
  const graph = new GraphParts();
  let signal = preprocess(graph, request.preprocessing);
  let poolings = 0;
  for (const layer of layers) {
    if (layer.poolings > poolings) {
      signal = graph.node('MaxPool', [signal], { kernel_shape: [2, 2], strides: [2, 2] });
      poolings = layer.poolings;
    }
    const weight = graph.floats([layer.kernels, layer.channels, 3, 3], layer.weight);
    const bias = graph.floats([layer.kernels], layer.bias);
    const linear = graph.node('Conv', [signal, weight, bias], {
      kernel_shape: [3, 3],
      pads: [1, 1, 1, 1],
      strides: [1, 1],
    });
    signal = graph.node('Relu', [linear]);
    const map = activation === 'linear' ? linear : signal;
    if (request.statisticsOf.has(layer.name)) {
      const size = mapSize(layer, height, width);
      statisticsOf(graph, layer, map, size[1], request.statistics);
    }
    const asked = request.maps?.get(layer.name);
    if (asked) {
      const index = graph.integers(asked);
      graph.output(
        'Gather',
        [map, index],
        { axis: 1 },
        {
          name: outputName('map', layer.name),
          type: 'float32',
          shape: [1, asked.length, ...mapSize(layer, height, width)],
        },
      );
    }
  }
  return {
    name: 'vgg',
    inputs: [{ name: 'frame', type: 'uint8', shape: [height, width, 3] }],
    ...graph.parts(),
  };
}

function preprocess(graph: GraphParts, preprocessing: Preprocessing): string {
  const floats = graph.node('Cast', ['frame'], { to: FLOAT32 });
  const planes = graph.node('Transpose', [floats], { perm: [2, 0, 1] });
  const batch = graph.node('Unsqueeze', [planes, graph.integers([0])]);
  const perChannel = (values: readonly number[]) => graph.floats([1, 3, 1, 1], Float32Array.from(values));
  if (preprocessing === 'caffe') {
    const bgr = graph.node('Gather', [batch, graph.integers([2, 1, 0])], { axis: 1 });
    return graph.node('Sub', [bgr, perChannel(CAFFE_MEAN_BGR)]);
  }
  const unit = graph.node('Div', [batch, graph.floats([1], Float32Array.of(255))]);
  const centred = graph.node('Sub', [unit, perChannel(TORCH_MEAN_RGB)]);
  return graph.node('Div', [centred, perChannel(TORCH_SD_RGB)]);
}

function statisticsOf(
  graph: GraphParts,
  layer: ConvLayer,
  map: string,
  columns: number,
  statistics: readonly Statistic[],
) {
  const result = (statistic: Statistic): ValueInfo => ({
    name: outputName(statistic, layer.name),
    type: 'float64',
    shape: [1, layer.kernels],
  });
  /** The mean over rows and columns of `values` [1, kernel, y, x] -> [1, kernel, 1, 1], float64. `sums`: a ReduceX over a row that adds up. */
  const meanOf = (values: string, sums: 'ReduceSum' | 'ReduceSumSquare' = 'ReduceSum') => {
    const row =
      sums === 'ReduceSum'
        ? graph.node('ReduceSum', [values, graph.integers([3])], { keepdims: 1 })
        : graph.node('ReduceSumSquare', [values], { axes: [3], keepdims: 1 });
    const double = graph.node('Cast', [row], { to: FLOAT64 });
    const perRow = graph.node('ReduceMean', [double], { axes: [2], keepdims: 1 });
    return graph.node('Div', [perRow, graph.doubles(columns)]);
  };
  const flat = (value: string, statistic: Statistic) =>
    graph.output('Squeeze', [value, graph.integers([2, 3])], {}, result(statistic));
  const mean = statistics.includes('mean') || statistics.includes('sd') ? meanOf(map) : '';

  for (const statistic of statistics) {
    if (statistic === 'mean') flat(mean, 'mean');
    if (statistic === 'max') {
      const max = graph.node('ReduceMax', [map], { axes: [2, 3], keepdims: 1 });
      flat(graph.node('Cast', [max], { to: FLOAT64 }), 'max');
    }
    if (statistic === 'active') {
      const above = graph.node('Greater', [map, graph.floats([1], Float32Array.of(0))]);
      flat(meanOf(graph.node('Cast', [above], { to: FLOAT32 })), 'active');
    }
    if (statistic === 'sd') {
      // Two passes, around the mean rounded to float32; the rest of the rounding is taken off again in float64.
      const centre = graph.node('Cast', [mean], { to: FLOAT32 });
      const squares = meanOf(graph.node('Sub', [map, centre]), 'ReduceSumSquare');
      const offset = graph.node('Sub', [mean, graph.node('Cast', [centre], { to: FLOAT64 })]);
      const variance = graph.node('Sub', [squares, graph.node('Mul', [offset, offset])]);
      flat(graph.node('Sqrt', [graph.node('Max', [variance, graph.doubles(0)])]), 'sd');
    }
  }
}

/** Collects nodes and constants and gives everything a name. */
class GraphParts {
  readonly #nodes: Node[] = [];
  readonly #ends: Node[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #constants: Initializer[] = [];

  node(op: string, inputs: readonly string[], attributes: Node['attributes'] = {}): string {
    const name = `v${this.#nodes.length}`;
    this.#nodes.push({ op, inputs, outputs: [name], attributes });
    return name;
  }

  output(op: string, inputs: readonly string[], attributes: Node['attributes'], value: ValueInfo): void {
    this.#ends.push({ op, inputs, outputs: [value.name], attributes: attributes ?? {} });
    this.#outputs.push(value);
  }

  floats(shape: readonly number[], data: Float32Array): string {
    return this.#constant({ type: 'float32', shape, data });
  }

  doubles(value: number): string {
    return this.#constant({ type: 'float64', shape: [1], data: Float64Array.of(value) });
  }

  integers(values: readonly number[]): string {
    return this.#constant({ type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) });
  }

  #constant(constant: Omit<Initializer, 'name'>): string {
    const name = `k${this.#constants.length}`;
    this.#constants.push({ ...constant, name });
    return name;
  }

  /**
   * ONNX Runtime walks the graph from its last end backwards, depth first. With the ends of deep layers listed first
   * it comes to the shallow ones first, reduces each map as soon as it exists and frees it: 1.3 GB instead of 2.3 GB
   * for the whole network at 720 x 1280.
   */
  parts(): Pick<Model, 'nodes' | 'outputs' | 'initializers'> {
    return {
      nodes: [...this.#nodes, ...this.#ends.toReversed()],
      outputs: this.#outputs,
      initializers: this.#constants,
    };
  }
}
