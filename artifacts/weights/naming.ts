import type { Preprocessing, VggLayer } from '../../numerics/vgg/layers.js';
import { UserError } from '../user-error.js';
import { someOf, type TensorFile } from './tensor-file.js';

/** Order of the axes of a kernel: kernel, channel, y, x (PyTorch, ONNX), or y, x, channel, kernel (Keras, TensorFlow.js). */
export type Layout = 'oihw' | 'hwio';

export interface Convolution {
  /** Names of its tensors. */
  readonly weight: string;
  readonly bias: string;
  /** Max poolings before it, where the file tells. */
  readonly poolings?: number;
}

/** Whose names and habits a file follows. What it does not say itself (pre-processing) is known from that. */
export interface Naming {
  readonly title: string;
  readonly preprocessing: Preprocessing;
  readonly layout: Layout;
  /** The names that a layer has, or would have if it were there. */
  readonly of?: (layer: VggLayer) => Convolution;
  /** Every convolution that the file has, in the order of the network where it is told by no name. */
  readonly all: readonly Convolution[];
}

/** torchvision, timm and what descends from them were trained with torchvision's normalisation; Keras took over Caffe's weights. */
const torchvision = { preprocessing: 'torch', layout: 'oihw' } as const;
export const keras = { preprocessing: 'caffe', layout: 'hwio' } as const;

const FEATURE = /^(.*\.)?features\.(module\.)?(\d+)\.weight$/;
const KERAS_KERNEL = /(?:^|\/)(block\d+_conv\d+)\/(?:(?:.*[/_])?(?:kernel|W)(?:_\d+)?(?::0)?|vars\/0)$/;
const KERAS_BIAS = /(?:^|\/)(block\d+_conv\d+)\/(?:(?:.*[/_])?(?:bias|b)(?:_\d+)?(?::0)?|vars\/1)$/;
const NUMBERED = /^(.*\/)?conv2d(?:_(\d+))?\/vars\/0$/;

/** Throws UserError for names of no VGG, and for several networks in one file. */
export function namingOf(file: TensorFile): Naming {
  const naming = byGraph(file) ?? byTorchvision(file) ?? byKeras(file) ?? byNumber(file);
  if (naming) return naming;
  throw new UserError({
    message: `no tensor named features.0.weight or block1_conv1/kernel; found: ${
      file.names.length === 0 ? 'no tensors' : someOf(file.names)
    }`,
    place: { file: file.origin },
    expected: 'the convolutions of a VGG under the names of torchvision (features.0.weight) or Keras (block1_conv1)',
  });
}

function byGraph({ chain }: TensorFile): Naming | null {
  if (!chain) return null;
  const ofKeras = chain.some(({ weight }) => /block\d+_conv\d+/.test(weight));
  const title = ofKeras ? 'Keras’ names, order by the graph' : 'order by the graph';
  // ONNX has one layout; converters turn Keras' kernels into it.
  return { title, ...torchvision, ...(ofKeras && { preprocessing: keras.preprocessing }), all: chain };
}

/** `features.0.weight`, with what DataParallel and checkpoints put before it. */
function byTorchvision(file: TensorFile): Naming | null {
  const found = file.names.map((name) => FEATURE.exec(name)).filter((match) => match !== null);
  if (found.length === 0) return null;
  const starts = [...new Set(found.map(([, prefix = '', module = '']) => `${prefix}features.${module}`))];
  if (starts.length > 1) throw severalNetworks(file, starts);
  const start = starts[0]!;
  const convolution = (number: number | string) => ({
    weight: `${start}${number}.weight`,
    bias: `${start}${number}.bias`,
  });
  return {
    title: 'torchvision’s names',
    ...torchvision,
    of: (layer) => convolution(layer.torchvision),
    all: found.map(([, , , number]) => convolution(number!)),
  };
}

/** `block1_conv1/kernel`, in the spellings of Keras 1 to 3. */
function byKeras(file: TensorFile): Naming | null {
  const kernels = layersIn(file, KERAS_KERNEL);
  const biases = layersIn(file, KERAS_BIAS);
  const [first] = [...kernels];
  if (!first) return null;
  // Layers that are missing are called as the others are.
  const like = (name: string, layer: string) => name.replaceAll(first[0], layer);
  const bias = biases.get(first[0]) ?? first[1].replace(/kernel|W(?=_|$)/, 'bias');
  const convolution = (layer: string) => ({
    weight: kernels.get(layer) ?? like(first[1], layer),
    bias: biases.get(layer) ?? like(bias, layer),
  });
  return {
    title: 'Keras’ names',
    ...keras,
    of: (layer) => convolution(layer.keras),
    all: [...kernels.keys()].map(convolution),
  };
}

function layersIn(file: TensorFile, pattern: RegExp): Map<string, string> {
  const layers = new Map<string, string>();
  for (const name of file.names) {
    const layer = pattern.exec(name)?.[1];
    if (layer === undefined) continue;
    const other = layers.get(layer);
    if (other !== undefined) throw severalNetworks(file, [other, name]);
    layers.set(layer, name);
  }
  return layers;
}

/** `layers/conv2d/vars/0`, `layers/conv2d_1/vars/0`, …: Keras 3 counts the layers of a class; sorted as text, 10 would come before 2. */
function byNumber(file: TensorFile): Naming | null {
  const found = file.names.map((name) => NUMBERED.exec(name)).filter((match) => match !== null);
  if (found.length === 0) return null;
  const starts = [...new Set(found.map(([, prefix = '']) => `${prefix}conv2d`))];
  if (starts.length > 1) throw severalNetworks(file, starts);
  const inOrder = found.sort(([, , a = '0'], [, , b = '0']) => Number(a) - Number(b));
  return {
    title: 'Keras’ numbered layers',
    ...keras,
    all: inOrder.map(([weight]) => ({ weight, bias: weight.replace(/0$/, '1') })),
  };
}

function severalNetworks(file: TensorFile, names: readonly string[]): UserError {
  return new UserError({
    message: `several networks in one file: ${names.join(' and ')}`,
    place: { file: file.origin },
    expected: 'the weights of one VGG',
    hint: 'Save only the one that is meant.',
  });
}
