import {
  type ConvLayer,
  type Preprocessing,
  type VggLayer,
  type VggName,
  vggLayers,
  vggNetworks,
  vggTitle,
} from '../../numerics/vgg/layers.js';
import { UserError } from '../user-error.js';
import { type Convolution, type Layout, type Naming, namingOf } from './naming.js';
import { list, type TensorFile } from './tensor-file.js';

/** A convolution of the network, and which tensors of the file it is. */
export interface VggTensor extends Convolution {
  readonly layer: VggLayer;
  readonly channels: number;
  readonly kernels: number;
}

export interface VggTensors {
  readonly network: VggName;
  /** Whose names they are: `torchvision’s names`. */
  readonly names: string;
  /** What weights of this origin were trained with. */
  readonly preprocessing: Preprocessing;
  readonly layout: Layout;
  readonly convolutions: readonly VggTensor[];
}

/**
 * Finds the convolutions of a VGG among named tensors. Everything is checked before a number is read: that it is the
 * network that is wanted and no other, 3x3 kernels, layout, channels that fit from layer to layer, one bias per kernel.
 * Widths are those of the file. `network`: the wanted one, or whichever it is where it is left out. `layout`: where it
 * is not that of the origin.
 */
export function findVgg(file: TensorFile, wanted: { network?: VggName; layout?: Layout }): VggTensors {
  const naming = namingOf(file);
  checkBatchNormalisation(file);
  const { preprocessing, title } = naming;
  const layout = wanted.layout ?? naming.layout;
  const network = networkOf(file, naming, wanted.network);
  let before: VggTensor | undefined;
  const convolutions = vggLayers(network).map((layer, index) => {
    const tensor = checkLayer(file, naming.of?.(layer) ?? naming.all[index]!, { layer, layout, network, before });
    before = tensor;
    return tensor;
  });
  return { network, names: title, preprocessing, layout, convolutions };
}

/** The numbers of the convolutions, [kernel, channel, y, x] whatever the layout of the file is. */
export async function readVgg(file: TensorFile, { convolutions, layout }: VggTensors): Promise<ConvLayer[]> {
  const layers: ConvLayer[] = [];
  for (const { layer, weight, bias, channels, kernels } of convolutions) {
    const stored = await file.read(weight);
    layers.push({
      name: layer.name,
      poolings: layer.poolings,
      channels,
      kernels,
      weight: layout === 'oihw' ? stored : hwioToOihw(stored, channels, kernels),
      bias: await file.read(bias),
    });
  }
  return layers;
}

function checkBatchNormalisation(file: TensorFile): void {
  const statistics = file.names.find((name) => /features\.(module\.)?\d+\.running_mean$/.test(name));
  if (!statistics) return;
  throw new UserError({
    message: `a network with batch normalisation (${statistics})`,
    place: { file: file.origin },
    expected: 'VGG without it (vgg16 without bn, not vgg16_bn)',
  });
}

/** Which network it is. VGG-19 has every name of VGG-16 in Keras, and most in torchvision: one look at the own names is not enough. */
function networkOf(file: TensorFile, naming: Naming, wanted: VggName | undefined): VggName {
  const isIt = (network: VggName) => {
    const layers = vggLayers(network);
    if (naming.all.length !== layers.length) return false;
    if (naming.of) return missingFrom(file, naming.of, network) === undefined;
    return naming.all.every(({ poolings }, index) => (poolings ?? layers[index]!.poolings) === layers[index]!.poolings);
  };
  const found = vggNetworks.find(isIt);
  if (found && (wanted === undefined || found === wanted)) return found;
  const due = wanted ?? 'vgg16';
  const title = vggTitle(due);
  const place = { file: file.origin };
  const tell = naming.of ? difference(file, naming.of, naming.all, due) : count(file, naming.all, due);
  if (found) {
    const hint = `If ${vggTitle(found)} is meant, give this input \`network: ${found}\`.`;
    throw new UserError({ message: `this is ${vggTitle(found)}: ${tell}`, place, expected: title, hint });
  }
  throw new UserError({ message: tell, place, expected: `all ${vggLayers(due).length} convolutions of ${title}` });
}

function missingFrom(file: TensorFile, of: (layer: VggLayer) => Convolution, network: VggName): VggLayer | undefined {
  return vggLayers(network).find((layer) => !file.shapeOf(of(layer).weight));
}

/** What the file has too many and too few, in names. */
function difference(
  file: TensorFile,
  of: (layer: VggLayer) => Convolution,
  all: readonly Convolution[],
  due: VggName,
): string {
  const names = new Set(vggLayers(due).map((layer) => of(layer).weight));
  const extra = all.find(({ weight }) => !names.has(weight));
  const missing = missingFrom(file, of, due);
  const lacks = missing && `${of(missing).weight} (${missing.keras}) is missing`;
  const has = extra && `${extra.weight} is none of ${vggTitle(due)}`;
  return [lacks, has].filter(Boolean).join(', and ');
}

function count({ chain }: TensorFile, all: readonly Convolution[], due: VggName): string {
  const number = vggLayers(due).length;
  if (all.length === number)
    return `${number} convolutions, but not with the poolings of ${vggTitle(due)} between them`;
  return `${number} ${chain ? 'Conv nodes' : 'convolutions'} expected, ${all.length} found`;
}

interface LayerCheck {
  readonly layer: VggLayer;
  readonly layout: Layout;
  readonly network: VggName;
  readonly before: VggTensor | undefined;
}

function checkLayer(file: TensorFile, names: Convolution, { layer, layout, network, before }: LayerCheck): VggTensor {
  const [axes, bias] = [file.shapeOf(names.weight), file.shapeOf(names.bias)];
  const fail = (what: string, message: string, expected: string, hint?: string): never => {
    throw new UserError({ message, place: { file: file.origin, what }, expected, ...(hint && { hint }) });
  };
  if (!axes) {
    return fail(
      names.weight,
      `${names.weight} (${layer.keras}) is missing`,
      `all convolutions of ${vggTitle(network)}`,
    );
  }
  if (!bias) {
    const called = names.bias || 'the bias';
    return fail(names.bias || names.weight, `${called} of ${layer.keras} is missing`, 'a bias for every convolution');
  }
  const shape = `${layer.keras} has the shape ${list(axes)}`;
  const channels = before?.kernels ?? 3;
  const [kernels, own, height, width] = inOrder(axes, layout);
  if (axes.length !== 4) return fail(names.weight, shape, 'a kernel with 4 axes');
  if (height !== 3 || width !== 3) {
    const other = layout === 'oihw' ? 'hwio' : 'oihw';
    const [, ownThen, ...sizeThen] = inOrder(axes, other);
    if (sizeThen.join() === '3,3' && ownThen === channels) {
      const example = layout === 'oihw' ? '[64,3,3,3]' : '[3,3,3,64]';
      const hint = `If the file is right, give this input \`layout: ${other}\`.`;
      return fail(
        names.weight,
        `${shape}: axes in the order ${other.toUpperCase()}`,
        `${layout.toUpperCase()}, for example ${example}`,
        hint,
      );
    }
    return fail(names.weight, `${shape}: kernels of ${height}x${width}`, '3x3 kernels');
  }
  if (own !== channels) {
    const source = before ? `${before.weight} gives ${channels}` : `an RGB image has ${channels}`;
    const has = `${own} input channel${own === 1 ? '' : 's'}`;
    return fail(
      names.weight,
      `${shape}: ${has}, but ${source}`,
      `${channels} input channel${channels === 1 ? '' : 's'}`,
    );
  }
  if (!kernels) return fail(names.weight, `${shape}: no kernels`, 'at least one kernel');
  if (bias.length !== 1 || bias[0] !== kernels) {
    return fail(names.bias, `shape ${list(bias)}: ${bias[0] ?? 1} values for ${kernels} kernels`, `[${kernels}]`);
  }
  return { ...names, layer, channels, kernels };
}

/** [kernels, channels, height, width] */
function inOrder([a = 0, b = 0, c = 0, d = 0]: readonly number[], layout: Layout): [number, number, number, number] {
  return layout === 'oihw' ? [a, b, c, d] : [d, c, a, b];
}

/** [y, x, channel, kernel] to [kernel, channel, y, x]. */
function hwioToOihw(stored: Float32Array, channels: number, kernels: number): Float32Array {
  const out = new Float32Array(stored.length);
  for (let k = 0; k < kernels; k++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < 9; p++) out[(k * channels + c) * 9 + p] = stored[(p * channels + c) * kernels + k]!;
  return out;
}
