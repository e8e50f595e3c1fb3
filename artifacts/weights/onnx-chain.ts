import { UserError } from '../user-error.js';
import { type ChainLink, someOf } from './tensor-file.js';

export interface OnnxNode {
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers of integer attributes. */
  readonly attributes: ReadonlyMap<string, readonly number[]>;
}

/** Behind so many poolings only the classifier follows, which timm writes as convolutions too. */
const POOLINGS = 5;

/** What may stand between two convolutions. Transpose turns images of TensorFlow into those of ONNX. */
const BETWEEN = new Set(['Relu', 'MaxPool', 'Identity', 'Dropout', 'Transpose']);

/**
 * The convolutions in the order in which the image passes them, with the poolings before each. Names say nothing, and
 * neither does the order of initializers. Throws UserError for graphs that are no chain of 3x3 convolutions with ReLU.
 */
export function chainOf(
  nodes: readonly OnnxNode[],
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  origin: string,
): ChainLink[] {
  const convolutions = nodes.filter(({ operation }) => operation === 'Conv');
  const normal = nodes.find(({ operation }) => operation === 'BatchNormalization');
  if (normal) {
    throw new UserError({
      message: `a network with batch normalisation (${someOf(normal.inputs.slice(1, 2))})`,
      place: { file: origin },
      expected: 'VGG without it (vgg16, not vgg16_bn)',
    });
  }
  if (convolutions.length === 0) {
    const operations = [...new Set(nodes.map(({ operation }) => operation))];
    throw new UserError({
      message: `13 Conv nodes expected, 0 found; the graph has ${someOf(operations)}`,
      place: { file: origin },
      expected: 'a graph of VGG-16',
    });
  }
  const sources = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const next = new Map<OnnxNode | null, { node: OnnxNode; poolings: number }>();
  for (const node of convolutions) {
    const { before, poolings } = walkBack(node, sources, origin);
    if (next.has(before)) throw notAChain(node, 'a second way through the network', origin);
    next.set(before, { node, poolings });
  }
  const links: ChainLink[] = [];
  let poolings = 0;
  for (let step = next.get(null); step; step = next.get(step.node)) {
    poolings += step.poolings;
    if (poolings >= POOLINGS) break;
    links.push(linkOf(step.node, poolings, tensors, origin));
  }
  return links;
}

/** From a convolution towards the image, up to the convolution before it. */
function walkBack(node: OnnxNode, sources: ReadonlyMap<string, OnnxNode>, origin: string) {
  let poolings = 0;
  let active = false;
  let from = node;
  for (let steps = 0; steps <= sources.size; steps++) {
    const before = sources.get(from.inputs[0] ?? '');
    if (!before) return { before: null, poolings };
    if (before.operation === 'Conv') {
      if (!active) throw notAChain(node, 'no Relu before it', origin);
      return { before, poolings };
    }
    if (!BETWEEN.has(before.operation)) throw notAChain(node, `an input from ${before.operation}`, origin);
    active ||= before.operation === 'Relu';
    if (before.operation === 'MaxPool') {
      poolings++;
      const size = [...(before.attributes.get('kernel_shape') ?? []), ...(before.attributes.get('strides') ?? [])];
      if (size.join() !== '2,2,2,2') throw notAChain(node, 'a pooling before it that is not 2x2 with stride 2', origin);
    }
    from = before;
  }
  throw notAChain(node, 'itself as its input', origin);
}

function linkOf(
  node: OnnxNode,
  poolings: number,
  tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  origin: string,
): ChainLink {
  const [, weight = '', bias = ''] = node.inputs;
  const shape = tensors.get(weight)?.shape;
  if (!shape) throw notAChain(node, 'weights that are computed (a quantised model?), not stored', origin);
  const ones = ['strides', 'dilations', 'group'].filter((name) =>
    node.attributes.get(name)?.some((item) => item !== 1),
  );
  // Kernels of another size are told by their shape.
  const pads = shape[2] === 3 && node.attributes.get('pads')?.some((item) => item !== 1) ? ['pads'] : [];
  const odd = [...ones, ...pads][0];
  if (odd) throw notAChain(node, `${odd} of ${node.attributes.get(odd)!.join()}`, origin);
  return { weight, bias, poolings };
}

function notAChain(node: OnnxNode, what: string, origin: string): UserError {
  return new UserError({
    message: `no VGG: this convolution has ${what}`,
    place: { file: origin, what: node.inputs[1] ?? node.outputs[0] ?? 'Conv' },
    expected: 'an image, then 3x3 convolutions (stride 1, padding 1) with Relu between them, and 2x2 MaxPool',
  });
}
