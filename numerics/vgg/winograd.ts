import type { GraphParts } from './graph-parts.js';
import type { ConvLayer } from './layers.js';
import type { Signal } from './signal.js';

/** Places of the map in a tile, in each direction, and of the input that they depend on. */
const OUT = 4;
const IN = OUT + 2;

/**
 * Where the polynomials are evaluated, besides infinity. Numbers of few bits, so that the transforms are exact; with 0,
 * 1, -1, 2, -2, which are common, errors are twice as large. See Barabasz et al. (2020), "Error analysis and improving
 * the accuracy of Winograd convolution for deep neural networks", ACM Transactions on Mathematical Software 46, 37.
 */
const POINTS = [0, 0.625, -0.625, 1.5, -1.5];

/**
 * A 3x3 convolution (zero padding 1, stride 1) with a quarter of its multiplications: Winograd's F(4x4, 3x3), as
 * matrix products. `signal` is the input of `layer`, in places, `height` x `width`. Without the ReLU.
 *
 * Tiles of 6 x 6 input places, which overlap by 2, give 4 x 4 places of the map each. With g the 3x3 kernel and d the
 * tile, both written as one column: (A x A)' [((G x G) g) * ((B x B)' d)], where x is Kronecker's product, * is by
 * element, and only * is summed over channels: 36 products of [tile, channel] with [channel, kernel].
 * Source: Lavin & Gray (2016), "Fast algorithms for convolutional neural networks", CVPR.
 */
export function winograd(graph: GraphParts, layer: ConvLayer, signal: Signal, height: number, width: number): Signal {
  const { channels, kernels } = layer;
  const [down, across] = [Math.ceil(height / OUT), Math.ceil(width / OUT)];
  const tiles = down * across;
  const { A, B, G } = transforms();
  const reshape = (value: string, ...shape: number[]) => graph.node('Reshape', [value, graph.integers(shape)]);
  const matrix = (rows: readonly number[][]) =>
    graph.floats([rows.length, rows[0]!.length], Float32Array.from(rows.flat()));

  // One more place, of zeros, stands for all those beyond the border.
  const zero = graph.floats([1, channels], new Float32Array(channels));
  const places = graph.node('Concat', [reshape(signal.name, height * width, channels), zero], { axis: 0 });
  const gathered = graph.node('Gather', [places, graph.indices([IN ** 2, tiles], inputPlaces(height, width))]);
  const evaluated = graph.node('MatMul', [matrix(squared(B)), reshape(gathered, IN ** 2, tiles * channels)]);

  const products = graph.node('MatMul', [reshape(evaluated, IN ** 2, tiles, channels), kernelsAt(graph, layer, G)]);

  const tiled = graph.node('MatMul', [matrix(squared(A)), reshape(products, IN ** 2, tiles * kernels)]);
  const biased = graph.node('Add', [reshape(tiled, OUT ** 2 * tiles, kernels), graph.floats([kernels], layer.bias)]);
  const map = graph.node('Gather', [biased, graph.indices([height, width], outputPlaces(height, width))]);
  return { name: map, order: 'places' };
}

/**
 * The kernels at the 36 pairs of points, [pair, channel, kernel]. ONNX Runtime computes them once, when it opens the
 * graph, but keeps what comes before them until then: hence nothing in float64, and the order of axes by hand.
 */
function kernelsAt(graph: GraphParts, { weight, channels, kernels }: ConvLayer, G: readonly number[][]): string {
  const columns = new Float32Array(weight.length);
  for (let k = 0; k < kernels; k++)
    for (let c = 0; c < channels; c++)
      for (let tap = 0; tap < 9; tap++)
        columns[(tap * channels + c) * kernels + k] = weight[(k * channels + c) * 9 + tap]!;
  const taps = graph.floats([9, channels * kernels], columns);
  const pairs = graph.node('MatMul', [graph.floats([IN ** 2, 9], Float32Array.from(squared(G).flat())), taps]);
  return graph.node('Reshape', [pairs, graph.integers([IN ** 2, channels, kernels])]);
}

/** [place in tile, tile] -> input place; `height` * `width` for those beyond the border. */
function inputPlaces(height: number, width: number): Int32Array {
  const [down, across] = [Math.ceil(height / OUT), Math.ceil(width / OUT)];
  const places = new Int32Array(IN ** 2 * down * across);
  let at = 0;
  for (let place = 0; place < IN ** 2; place++)
    for (let tile = 0; tile < down * across; tile++) {
      const y = OUT * Math.floor(tile / across) - 1 + Math.floor(place / IN);
      const x = OUT * (tile % across) - 1 + (place % IN);
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      places[at++] = inside ? y * width + x : height * width;
    }
  return places;
}

/** Place of the map -> row of [place in tile, tile]. What the last tiles have beyond the border is left out. */
function outputPlaces(height: number, width: number): Int32Array {
  const [down, across] = [Math.ceil(height / OUT), Math.ceil(width / OUT)];
  return Int32Array.from({ length: height * width }, (_, place) => {
    const [y, x] = [Math.floor(place / width), place % width];
    const tile = Math.floor(y / OUT) * across + Math.floor(x / OUT);
    return ((y % OUT) * OUT + (x % OUT)) * down * across + tile;
  });
}

/**
 * A' [OUT, IN], B' [IN, IN] and G [IN, 3]: the kernel and the tile are the coefficients of polynomials, products
 * of whose values at the points (the last is infinity) are interpolated. Toom and Cook's algorithm, transposed.
 */
function transforms(): Record<'A' | 'B' | 'G', number[][]> {
  const others = POINTS.map((_, i) => POINTS.filter((_, j) => j !== i));
  const powers = (point: number, count: number) => Array.from({ length: count }, (_, power) => point ** power);
  const last = (count: number) => Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : 0));
  return {
    A: Array.from({ length: OUT }, (_, power) => [...POINTS.map((point) => point ** power), power === OUT - 1 ? 1 : 0]),
    B: [...others.map((roots) => [...withRoots(roots), 0]), withRoots(POINTS)],
    G: [
      ...POINTS.map((point, i) => {
        const scale = others[i]!.reduce((product, other) => product * (point - other), 1);
        return powers(point, 3).map((value) => value / scale);
      }),
      last(3),
    ],
  };
}

/** Coefficients of the polynomial (x - root) (x - root)..., constant first. */
function withRoots(roots: readonly number[]): number[] {
  let so = [1];
  for (const root of roots) so = [0, ...so].map((shifted, power) => shifted - root * (so[power] ?? 0));
  return so;
}

/** Kronecker's product of a matrix with itself: both directions of a tile in one. */
function squared(rows: readonly number[][]): number[][] {
  return rows.flatMap((down) => rows.map((across) => down.flatMap((a) => across.map((b) => a * b))));
}
