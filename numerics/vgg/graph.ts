import type { Model } from '../onnx-model.js';
import { FLOAT32, GraphParts } from './graph-parts.js';
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
import { axesOf, inPlaces, inPlanes, pooled, type Signal } from './signal.js';
import { outputName, statisticsOf } from './statistics.js';
import { winograd } from './winograd.js';

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

/**
 * How to convolve. `direct`: ONNX Runtime's Conv, on every device. `fast`: Winograd's algorithm where it saves time
 * on processors, which is where a layer has many channels: moving numbers about costs as much for few.
 */
export type Convolution = 'direct' | 'fast';

/** Input channels from which Winograd's algorithm is the faster one. */
const MANY_CHANNELS = 128;

/**
 * The network as an ONNX model: `frame` (uint8 [height, width, rgb]) in, statistics and maps out. Pre-processing is
 * part of it, in float32, in the order of operations of torchvision and Keras. Padding is zeros after pre-processing.
 */
export function vggModel(request: GraphRequest, convolution: Convolution): Model {
  const { layers, height, width, activation } = request;
  const graph = new GraphParts();
  let signal = preprocess(graph, request.preprocessing);
  let poolings = 0;
  for (const layer of layers) {
    const size = mapSize(layer, height, width);
    if (layer.poolings > poolings) {
      signal = pooled(graph, signal, ...size);
      poolings = layer.poolings;
    }
    const linear: Signal =
      convolution === 'fast' && layer.channels >= MANY_CHANNELS
        ? winograd(graph, layer, inPlaces(graph, signal), ...size)
        : direct(graph, layer, inPlanes(graph, signal));
    signal = { ...linear, name: graph.node('Relu', [linear.name]) };
    const map = activation === 'linear' ? linear : signal;
    if (request.statisticsOf.has(layer.name)) {
      statisticsOf(graph, layer, map, size[1], request.statistics);
    }
    const asked = request.maps?.get(layer.name);
    if (asked) mapsOf(graph, layer, map, size, asked);
  }
  return {
    name: 'vgg',
    inputs: [{ name: 'frame', type: 'uint8', shape: [height, width, 3] }],
    ...graph.parts(),
  };
}

function preprocess(graph: GraphParts, preprocessing: Preprocessing): Signal {
  const floats = graph.node('Cast', ['frame'], { to: FLOAT32 });
  const { name } = inPlanes(graph, { name: floats, order: 'places' });
  const perChannel = (values: readonly number[]) => graph.floats([1, 3, 1, 1], Float32Array.from(values));
  if (preprocessing === 'caffe') {
    const bgr = graph.node('Gather', [name, graph.integers([2, 1, 0])], { axis: 1 });
    return { name: graph.node('Sub', [bgr, perChannel(CAFFE_MEAN_BGR)]), order: 'planes' };
  }
  const unit = graph.node('Div', [name, graph.floats([1], Float32Array.of(255))]);
  const centred = graph.node('Sub', [unit, perChannel(TORCH_MEAN_RGB)]);
  return { name: graph.node('Div', [centred, perChannel(TORCH_SD_RGB)]), order: 'planes' };
}

function direct(graph: GraphParts, { weight, bias, kernels, channels }: ConvLayer, { name, order }: Signal): Signal {
  const parts = [name, graph.floats([kernels, channels, 3, 3], weight), graph.floats([kernels], bias)];
  return { name: graph.node('Conv', parts, { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] }), order };
}

/** Maps of the `asked` kernels (from 0) of a layer, as an output. */
function mapsOf(
  graph: GraphParts,
  layer: ConvLayer,
  map: Signal,
  size: readonly number[],
  asked: readonly number[],
): void {
  const picked = graph.node('Gather', [map.name, graph.integers(asked)], { axis: axesOf(map).kernel });
  const { name } = inPlanes(graph, { ...map, name: picked });
  const shape = [1, asked.length, ...size];
  graph.output('Identity', [name], {}, { name: outputName('map', layer.name), type: 'float32', shape });
}
