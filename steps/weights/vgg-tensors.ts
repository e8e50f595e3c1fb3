import { UserError } from '../../artifacts/user-error.js';
import {
  type ConvLayer,
  type Preprocessing,
  type VggLayer,
  type VggName,
  vgg16,
  vggBlocks,
  vggLayers,
  vggTitle,
} from '../../numerics/vgg/layers.js';
import { list, type TensorFile } from './safetensors.js';

/** How a library names and lays out the tensors of VGG. */
interface Naming {
  readonly title: string;
  readonly preprocessing: Preprocessing;
  readonly layout: 'OIHW' | 'HWIO';
  weight(layer: VggLayer): string;
  bias(layer: VggLayer): string;
}

/** Names before which a prefix may stand (`module.` of torch.nn.DataParallel), with the suffix that Keras 2 adds. */
const namings: readonly ((names: ReadonlySet<string>) => Naming | null)[] = [
  (names) => {
    const prefix = ['', 'module.'].find((start) => [...names].some((name) => name.startsWith(`${start}features.`)));
    if (prefix === undefined) return null;
    return {
      title: 'torchvision',
      preprocessing: 'torch',
      layout: 'OIHW',
      weight: (layer) => `${prefix}features.${layer.torchvision}.weight`,
      bias: (layer) => `${prefix}features.${layer.torchvision}.bias`,
    };
  },
  (names) => {
    const first = [...names].find((name) => /^(.*\/)?block\d_conv\d\/kernel(:0)?$/.test(name));
    const match = first && /^(.*\/)?block\d_conv\d\/kernel(:0)?$/.exec(first);
    if (!match) return null;
    const [, prefix = '', suffix = ''] = match;
    return {
      title: 'Keras',
      preprocessing: 'caffe',
      layout: 'HWIO',
      weight: (layer) => `${prefix}${layer.keras}/kernel${suffix}`,
      bias: (layer) => `${prefix}${layer.keras}/bias${suffix}`,
    };
  },
];

export interface VggTensors {
  readonly layers: readonly ConvLayer[];
  /** Whose names and layout they are. */
  readonly title: string;
  /** What weights under these names were trained with. */
  readonly preprocessing: Preprocessing;
}

/**
 * The 13 convolutions of VGG-16 out of named tensors. Everything is checked before a number is read: names (and that
 * it is not another VGG), 3x3 kernels, layout, channels that fit from layer to layer, one bias per kernel. Widths are
 * those of the file.
 */
export async function readVgg16(file: TensorFile): Promise<VggTensors> {
  const names = new Set(file.names);
  const naming = namings.map((find) => find(names)).find((found) => found !== null);
  if (!naming) throw noVgg(file);
  checkNetwork(file, naming);
  let channels = 3;
  const shapes = vgg16.map((layer, index) => {
    const kernels = checkLayer(file, naming, layer, channels, vgg16[index - 1]);
    const shape = { channels, kernels };
    channels = kernels;
    return shape;
  });
  const layers: ConvLayer[] = [];
  for (const [index, layer] of vgg16.entries()) {
    const stored = await file.read(naming.weight(layer));
    const { channels, kernels } = shapes[index]!;
    layers.push({
      name: layer.name,
      poolings: layer.poolings,
      channels,
      kernels,
      weight: naming.layout === 'OIHW' ? stored : hwioToOihw(stored, channels, kernels),
      bias: await file.read(naming.bias(layer)),
    });
  }
  return { layers, title: naming.title, preprocessing: naming.preprocessing };
}

function noVgg(file: TensorFile): UserError {
  const found = file.names.length === 0 ? 'no tensors at all' : file.names.slice(0, 5).join(', ');
  return new UserError({
    message: `no tensor named features.0.weight or block1_conv1/kernel; found: ${found}${file.names.length > 5 ? ', …' : ''}`,
    place: { file: file.origin },
    expected:
      'the convolutions of VGG-16 under the names of torchvision (features.0.weight) or Keras (block1_conv1/kernel)',
  });
}

/** Which network the names are those of, before they are looked at one by one: other VGGs share many of them. */
function checkNetwork(file: TensorFile, naming: Naming): void {
  const names = new Set(file.names);
  const place = { file: file.origin };
  const first = naming.weight(vgg16[0]!);
  const statistics = file.names.find((name) => /features\.\d+\.running_mean$/.test(name));
  if (statistics) {
    throw new UserError({
      message: `a network with batch normalisation (${statistics})`,
      place,
      expected: 'VGG-16 without it (vgg16, not vgg16_bn)',
    });
  }
  if (!names.has(first)) {
    throw new UserError({
      message: `${first} (${vgg16[0]!.keras}) is missing`,
      place,
      expected: 'all 13 convolutions of VGG-16',
    });
  }
  const has = (layer: VggLayer) => names.has(naming.weight(layer));
  const other = (Object.keys(vggBlocks) as VggName[]).find((network) => {
    if (network === 'vgg16') return false;
    const layers = vggLayers(network);
    const weights = new Set(layers.map(naming.weight));
    const extra = vggLayers('vgg19').filter((layer) => has(layer) && !weights.has(naming.weight(layer)));
    return layers.every(has) && extra.length === 0;
  });
  if (other && other !== 'vgg16') {
    const telling = vggLayers(other).find((layer) => !vgg16.some((own) => naming.weight(own) === naming.weight(layer)));
    const missing = vgg16.find((layer) => !has(layer));
    throw new UserError({
      message: `this is ${vggTitle(other)}: ${telling ? `it has ${naming.weight(telling)}` : ''}${telling && missing ? ' and ' : ''}${missing ? `it lacks ${naming.weight(missing)}` : ''}`,
      place,
      expected: 'VGG-16',
    });
  }
}

/** Checks the shapes of a layer and returns its number of kernels. */
function checkLayer(file: TensorFile, naming: Naming, layer: VggLayer, channels: number, before?: VggLayer): number {
  const [name, biasName] = [naming.weight(layer), naming.bias(layer)];
  const [shape, bias] = [file.shapeOf(name), file.shapeOf(biasName)];
  const fail = (what: string, message: string, expected: string) => {
    throw new UserError({ message, place: { file: file.origin, what }, expected });
  };
  if (!shape) fail(name, `${name} (${layer.keras}) is missing`, 'all 13 convolutions of VGG-16');
  if (!bias) fail(biasName, `${biasName} (${layer.keras}) is missing`, 'a bias for every convolution');
  const axes = shape!;
  const oihw = naming.layout === 'OIHW';
  const [kernels, own, height, width] = oihw ? axes : [axes[3], axes[2], axes[0], axes[1]];
  const [spatialElsewhere] = oihw
    ? [axes[0] === 3 && axes[1] === 3 && axes[2] === channels]
    : [axes[2] === 3 && axes[3] === 3 && axes[1] === channels];
  if (axes.length !== 4 || ((height !== 3 || width !== 3) && spatialElsewhere)) {
    fail(
      name,
      `shape ${list(axes)}, axes in the wrong order`,
      `${naming.layout}, for example ${oihw ? '[64,3,3,3]' : '[3,3,3,64]'}`,
    );
  }
  if (height !== 3 || width !== 3) fail(name, `shape ${list(axes)}: kernels of ${height}x${width}`, '3x3 kernels');
  if (own !== channels) {
    const source = before ? `${naming.weight(before)} gives ${channels}` : `an RGB image has ${channels}`;
    fail(
      name,
      `shape ${list(axes)}: ${own} input channel${own === 1 ? '' : 's'}, but ${source}`,
      `${channels} input channels`,
    );
  }
  if (!(kernels! > 0)) fail(name, `shape ${list(axes)}: no kernels`, 'at least one kernel');
  if (bias!.length !== 1 || bias![0] !== kernels) {
    fail(biasName, `shape ${list(bias!)}: ${bias![0] ?? 1} values for ${kernels} kernels`, `[${kernels}]`);
  }
  return kernels!;
}

/** [y, x, channel, kernel] to [kernel, channel, y, x]. */
function hwioToOihw(stored: Float32Array, channels: number, kernels: number): Float32Array {
  const out = new Float32Array(stored.length);
  for (let k = 0; k < kernels; k++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < 9; p++) out[(k * channels + c) * 9 + p] = stored[(p * channels + c) * kernels + k]!;
  return out;
}
