/**
 * The VGG networks as far as voxreel uses them: blocks of 3x3 convolutions (stride 1, zero padding 1, ReLU), a 2x2
 * max pooling with stride 2 (rounding down) between blocks. The last pooling and the fully connected layers are unused.
 * Source: Simonyan & Zisserman (2015), "Very deep convolutional networks for large-scale image recognition", ICLR.
 */

/** Convolutions in each block. The names are those of `network` in a workflow, and of torchvision and Keras. */
export const vggBlocks = {
  vgg11: [1, 1, 2, 2, 2],
  vgg13: [2, 2, 2, 2, 2],
  vgg16: [2, 2, 3, 3, 3],
  vgg19: [2, 2, 4, 4, 4],
} as const;

export type VggName = keyof typeof vggBlocks;

export const vggNetworks = Object.keys(vggBlocks) as readonly VggName[];

/** `VGG-16` */
export const vggTitle = (network: VggName): string => network.replace('vgg', 'VGG-');

export interface VggLayer {
  /** `conv5_3`, as in the paper and in voxreel's kernel names. */
  readonly name: string;
  /** `block5_conv3`. */
  readonly keras: string;
  /** Number in torchvision's `features`: 28. */
  readonly torchvision: number;
  /** Kernels in the original network. Narrower copies keep the proportions. */
  readonly width: number;
  /** Poolings before this layer: its map is 2^poolings smaller than the image, rounded down each time. */
  readonly poolings: number;
}

const WIDTHS = [64, 128, 256, 512, 512];

/** The convolutions of a network in order. */
export function vggLayers(network: VggName): VggLayer[] {
  const layers: VggLayer[] = [];
  let module = 0;
  vggBlocks[network].forEach((convolutions, block) => {
    for (let number = 1; number <= convolutions; number++) {
      layers.push({
        name: `conv${block + 1}_${number}`,
        keras: `block${block + 1}_conv${number}`,
        torchvision: module,
        width: WIDTHS[block]!,
        poolings: block,
      });
      // In torchvision's list a ReLU follows every convolution, and a pooling every block.
      module += 2;
    }
    module += 1;
  });
  return layers;
}

/** The 13 convolutions of VGG-16. */
export const vgg16: readonly VggLayer[] = vggLayers('vgg16');

export const vgg16Names: readonly string[] = vgg16.map((layer) => layer.name);

/** Every layer that a VGG may have, in order: those of VGG-19, of which the others have fewer. */
export const vggLayerNames: readonly string[] = vggLayers('vgg19').map((layer) => layer.name);

/** A convolution with its numbers. */
export interface ConvLayer {
  readonly name: string;
  readonly poolings: number;
  readonly channels: number;
  readonly kernels: number;
  /** [kernel, channel, y, x], 3x3, cross-correlation (not flipped). */
  readonly weight: Float32Array;
  /** [kernel] */
  readonly bias: Float32Array;
}

/** `caffe`: B, G, R minus (103.939, 116.779, 123.68). `torch`: R, G, B / 255, minus mean, over standard deviation of ImageNet. */
export type Preprocessing = 'caffe' | 'torch';

export const CAFFE_MEAN_BGR = [103.939, 116.779, 123.68] as const;
export const TORCH_MEAN_RGB = [0.485, 0.456, 0.406] as const;
export const TORCH_SD_RGB = [0.229, 0.224, 0.225] as const;

export type Statistic = 'mean' | 'max' | 'sd' | 'active';
export type Activation = 'relu' | 'linear';

/** Size of a layer's map for an image of `height` x `width`; 0 where the image is too small to reach the layer. */
export function mapSize(layer: Pick<VggLayer, 'poolings'>, height: number, width: number): [number, number] {
  return [height >> layer.poolings, width >> layer.poolings];
}

/** The layers up to the deepest that is asked for: nothing deeper is computed. */
export function upToDeepest(layers: readonly ConvLayer[], asked: ReadonlySet<string>): readonly ConvLayer[] {
  return layers.slice(0, layers.findLastIndex((layer) => asked.has(layer.name)) + 1);
}
