import { createRequire } from 'node:module';
import os from 'node:os';
import type { StepType } from '../../engine/step-type.js';
import {
  type Activation,
  type Preprocessing,
  type Statistic,
  vgg16Names,
  vggLayerNames,
} from '../../numerics/vgg/layers.js';
import type { Backend, Device } from '../../numerics/vgg/session.js';

export interface ExtractParams {
  /** Default: all that the network has. */
  readonly layers?: readonly string[];
  readonly statistics: readonly Statistic[];
  readonly activation: Activation;
  readonly preprocessing: 'auto' | Preprocessing;
  readonly backend: Backend;
  readonly device: Device;
}

export const extractStep: StepType<ExtractParams> = {
  name: 'extract',
  version: 3,
  title: 'Images through VGG-16: a number for the map of every kernel',
  description: `
Every image goes, at its own size, through the convolutional layers of VGG-16 (3x3 kernels, zero padding 1, ReLU; 2x2 max
pooling, rounding down, between the five blocks). Nothing is resized or cropped; the last pooling and the fully
connected layers are unused. What leaves is one number per kernel and statistic, not the maps.

Kernels are named like \`conv5_3/k276\`, numbered from 1 as in the paper. Layers 1 to 13 of the paper are
${vgg16Names.join(', ')}.

| statistic | over the places of a map with values a |
|---|---|
| \`mean\` | sum(a) / n |
| \`max\` | largest a |
| \`sd\` | sqrt(sum((a - mean)^2) / n) |
| \`active\` | share of places with a > 0 |

- **Weights**: safetensors, PyTorch, Keras, ONNX or TensorFlow.js, recognised by their content (docs/weights.md). Kernel
  widths are those of the file; VGG-11, 13 and 19 where the input names them (\`network: vgg19\`). Synthetic weights are
  random numbers; everything made from them is marked as untrained.
- **Pre-processing** belongs to the weights. \`torch\`: RGB / 255, minus (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225).
  \`caffe\`: BGR minus (103.939, 116.779, 123.68), as Keras' and the original weights want it. \`auto\`: what the weights'
  input says, or else their origin: \`caffe\` for Keras and TensorFlow.js, \`torch\` for all others and for synthetic
  weights. No file says it itself: check it.
- **Which kernels**: torchvision's and the original (Keras, Caffe, MATLAB) weights are different networks. The paper's
  kernel numbers hold for the original ones only.
- **Precision**: convolutions in float32; means over rows in float32, over columns in float64: within 2e-6 of PyTorch's
  float32 maps averaged in float64, in units of the largest mean of the layer.
- **Speed**: on \`cpu\`, for images of at least 512 x 512 pixels or as many, layers of at least 128 input channels take
  a quarter of the multiplications (Winograd's F(4x4, 3x3)). Means keep the precision above; a single place of a map,
  and so \`max\`, is within about 1e-5 of the largest, and \`active\` changes where values are that close to 0. Smaller
  images, the feature maps of \`reverse\` and other devices convolve directly.
- **Backends**: \`onnx\` (ONNX Runtime, CPU) gives the same bits for any number of threads. \`tfjs\` is TensorFlow.js
  (tfjs-node where it is installed, else WASM: some ten times slower) and agrees within 1e-5.
- **Devices**: the same bits for any number of threads, and the precision above, hold for \`cpu\`. Graphics processors sum
  in an order of their own, and NVIDIA's round the factors of products to 10 bits (TF32) unless the environment
  variable NVIDIA_TF32_OVERRIDE is 0.
- An image equal to an earlier one (by the SHA-256 of its pixels) is not computed again; a note says how many. Only the layers up to the deepest one asked for are computed.`,
  sources: [
    'Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image recognition, ICLR',
    'Lavin & Gray (2016), Fast algorithms for convolutional neural networks, CVPR',
    'Sohn et al. (2024), Psychoradiology 4, kkae021, doi 10.1093/psyrad/kkae021',
  ],
  inputs: {
    frames: { type: 'frames', description: 'The images.' },
    weights: { type: 'weights', description: 'Weights of VGG-16, or of another VGG.' },
  },
  outputs: {
    activations: { type: 'activations', description: 'Statistics of every kernel for every image.' },
  },
  example: {
    name: 'activations',
    in: { frames: 'steps.frames', weights: 'inputs.weights' },
    with: { layers: ['conv1_1', 'conv5_3'] },
  },
  params: {
    type: 'object',
    properties: {
      layers: {
        type: 'array',
        items: { enum: [...vggLayerNames] },
        minItems: 1,
        uniqueItems: true,
        examples: [['conv1_1', 'conv5_3']],
        description: 'Layers to keep, in the order of the network. Default: all that it has (13 in VGG-16).',
      },
      statistics: {
        type: 'array',
        items: { enum: ['mean', 'max', 'sd', 'active'] },
        minItems: 1,
        uniqueItems: true,
        default: ['mean'],
        description: 'What to keep of a map.',
      },
      activation: {
        enum: ['relu', 'linear'],
        default: 'relu',
        description: 'Maps after the ReLU (`relu`), or before it (`linear`).',
      },
      preprocessing: {
        enum: ['auto', 'caffe', 'torch'],
        default: 'auto',
        description: 'How pixels become numbers; `auto` goes by the weights, see above.',
      },
      backend: {
        enum: ['onnx', 'tfjs'],
        default: 'onnx',
        description: 'What computes the network.',
      },
      device: {
        enum: ['cpu', 'cuda', 'tensorrt', 'webgpu', 'dml', 'coreml'],
        default: 'cpu',
        description:
          'What the `onnx` backend computes on. All but `cpu` only where ONNX Runtime has it on this system; a device that is absent is an error, never replaced.',
      },
    },
  },
  checkParams: ({ backend, device }) =>
    backend === 'tfjs' && device !== 'cpu'
      ? [
          {
            message: `backend tfjs has no device ${device}`,
            keys: ['device'],
            expected: '`device: cpu`, or `backend: onnx`',
          },
        ]
      : [],
  needs: () => ({ cores: os.availableParallelism(), memoryMB: 2300 }),
  tools: async ({ backend }) => ({ [backend]: backendVersion(backend) }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};

/** Package and version of the backend; whether tfjs-node is there decides what `tfjs` means. */
function backendVersion(backend: Backend): string {
  const names = backend === 'onnx' ? ['onnxruntime-node'] : ['@tensorflow/tfjs-node', '@tensorflow/tfjs-backend-wasm'];
  const require = createRequire(import.meta.url);
  for (const name of names) {
    try {
      return `${name} ${(require(`${name}/package.json`) as { version: string }).version}`;
    } catch {
      // The next one.
    }
  }
  throw new Error(`none of ${names.join(', ')} is installed`);
}
