import type { JsonObject } from '../../artifacts/artifact.js';
import { counted, listOf, type MethodsFacts, type MethodsText, sentences } from '../../engine/methods/text.js';
import { programsOf } from '../../engine/tool-names.js';
import { statisticWords } from '../aggregate/statistic-words.js';
import { cited } from '../references.js';
import type { ExtractParams } from './index.js';

export function methods({ params, outputs, tools }: MethodsFacts<ExtractParams>): MethodsText {
  const { layers, statistics, activation, preprocessing, backend, device } = params;
  const weights = (outputs.activations?.[0]?.weights ?? {}) as JsonObject;
  const network = String(weights.network ?? 'vgg16').replace('vgg', 'VGG-');
  const kernels = ((weights.widths as number[] | undefined) ?? []).reduce((sum, width) => sum + width, 0);
  const which = layers
    ? `the convolutional ${layers.length === 1 ? 'layer' : 'layers'} ${listOf(layers)}`
    : `all ${counted((weights.widths as number[] | undefined)?.length ?? 13, 'convolutional layer')}${kernels > 0 ? ` (${kernels} kernels)` : ''}`;
  const program = programsOf(tools)[0];
  const runtime = backend === 'onnx' ? 'ONNX Runtime' : 'TensorFlow.js';
  const by = `${runtime}${program ? ` ${program.version}` : ''} [@${backend === 'onnx' ? 'onnxruntime' : 'tensorflowjs'}]${device === 'cpu' ? '' : ` on ${device}`}`;
  const maps = activation === 'relu' ? 'after rectification' : 'before rectification';
  const prepared = String(weights.preprocessing ?? preprocessing);
  return cited(
    'stimulus',
    sentences(
      `The images were passed, at their own size, through ${which} of ${network} [@simonyan2015], computed by ${by}.`,
      weightsText(weights),
      weights.origin !== 'synthetic' &&
        (prepared === 'caffe' || prepared === 'torch') &&
        `Pixels were prepared ${prepared === 'caffe' ? 'by subtracting the mean colour of the training images (BGR)' : 'by standardising each colour with mean and standard deviation of the training images'}.`,
      `Of the activation map of every kernel, ${maps}, the ${listOf(statistics.map(statisticWords))} over space ${statistics.length > 1 ? 'were' : 'was'} kept [@sohn2024].`,
    ),
  );
}

function weightsText({ origin, seed, format, names }: JsonObject): string {
  if (origin === 'synthetic') return `Its weights were random (seed ${seed}), without any training.`;
  return origin === 'file' ? `Its trained weights came from a file (${format}, ${names}).` : '';
}
