import { stat } from 'node:fs/promises';
import { type Preprocessing, type VggName, vggNetworks, vggTitle } from '../numerics/vgg/layers.js';
import type { Artifact, ArtifactType, InputContext, ResolvedInput } from './artifact.js';
import { inputFile, pathProperty } from './input-file.js';
import { fileOf, metaOf, numberIn } from './meta.js';
import { UserError } from './user-error.js';
import { type Companions, companionRole, companionsBeside, companionsOf } from './weights/companions.js';
import { openByContent, READABLE } from './weights/format.js';
import { fetchedFile, type KnownName, knownNames, knownWeights } from './weights/known.js';
import { keras, type Layout } from './weights/naming.js';
import { openWeights } from './weights/open.js';
import { findVgg } from './weights/vgg-tensors.js';

/** What is said of weights beside the file: by the user, or found when the input was resolved. */
export interface WeightsChoice {
  readonly network?: VggName;
  readonly preprocessing?: Preprocessing;
  readonly layout?: Layout;
}

export type WeightsData =
  | { readonly origin: 'file'; readonly file: string; readonly companions: Companions; readonly choice: WeightsChoice }
  /** Drawn from a seed: for tests and demonstrations. `width`: kernels of the first layer (64: the full network). */
  | {
      readonly origin: 'synthetic';
      readonly seed: number;
      readonly width: number;
      readonly network: VggName;
      readonly untrained: true;
    };

/** Where the weights come from; the numbers themselves are the business of `extract`. */
export function readWeights(artifact: Artifact): WeightsData {
  const choice = artifact.meta as WeightsChoice;
  if (artifact.meta.origin === 'synthetic') {
    const [seed, width] = [numberIn(artifact, 'seed'), numberIn(artifact, 'width')];
    return { origin: 'synthetic', seed, width, network: choice.network ?? 'vgg16', untrained: true };
  }
  const companions = companionsOf(artifact.files, artifact.origin);
  return { origin: 'file', file: fileOf(artifact, 'weights'), companions, choice };
}

interface WeightsSpec extends WeightsChoice {
  readonly path?: string;
  readonly fetched?: KnownName;
  readonly synthetic?: { readonly seed?: number; readonly width?: number };
}

const SOURCES = ['path', 'fetched', 'synthetic'] as const;

async function resolve(spec: WeightsSpec, context: InputContext): Promise<ResolvedInput> {
  const given = SOURCES.filter((key) => spec[key] !== undefined);
  if (given.length !== 1) {
    throw new UserError({
      message: given.length === 0 ? 'no weights are named' : `${given.join(' and ')} are given together`,
      expected: 'one of path (a weight file), fetched (known weights) and synthetic (random, for trying things out)',
      keys: given.slice(1, 2),
    });
  }
  if (spec.synthetic) return synthetic(spec.synthetic, spec);
  if (spec.fetched) return fromFile(await fetched(spec.fetched), spec.fetched, spec, context);
  return fromFile(await inputFile(spec.path!, context, READABLE), spec.path!, spec, context);
}

function synthetic({ seed = 1, width = 64 }: { seed?: number; width?: number }, spec: WeightsSpec): ResolvedInput {
  for (const key of ['preprocessing', 'layout'] as const) {
    if (spec[key] !== undefined) {
      throw new UserError({ message: `${key} belongs to weights from a file`, keys: [key], expected: 'no such key' });
    }
  }
  // vgg16 is left out, as it was before there were others.
  const network = spec.network === 'vgg16' ? undefined : spec.network;
  const meta = metaOf({ origin: 'synthetic', seed, width, untrained: true, network });
  return { type: 'weights', meta, files: {}, origin: `synthetic weights (seed ${seed}, width ${width})` };
}

async function fetched(name: KnownName): Promise<string> {
  const file = fetchedFile(name);
  const { size } = knownWeights[name];
  const info = await stat(file).catch(() => undefined);
  if (info?.isFile() && info.size === size) return file;
  throw new UserError({
    message: info
      ? `${file} has ${info.size} bytes instead of ${size}`
      : `${name} is not fetched yet: ${file} does not exist`,
    keys: ['fetched'],
    hint: `Fetch it: voxreel weights fetch ${name}`,
  });
}

/**
 * Reads headers, so that a wrong network or a missing shard is told before anything runs. Only HDF5 is left for
 * `extract`, since its library takes a fifth of a second to start; its origin is Keras in any case.
 */
async function fromFile(
  file: string,
  origin: string,
  spec: WeightsSpec,
  context: InputContext,
): Promise<ResolvedInput> {
  const { network = 'vgg16' } = spec;
  const shards = new Map<string, string>();
  const { handle, format } = await openByContent(file, origin);
  await handle.close();
  let [preprocessing, layout, told]: [Preprocessing, Layout, string] = [
    keras.preprocessing,
    keras.layout,
    'HDF5 (Keras)',
  ];
  if (format !== 'hdf5') {
    const tensors = await openWeights(file, origin, companionsBeside(file, origin, shards));
    try {
      const found = findVgg(tensors, { network, ...(spec.layout && { layout: spec.layout }) });
      [preprocessing, layout, told] = [found.preprocessing, found.layout, `${tensors.format}, ${found.names}`];
    } finally {
      await tensors.close();
    }
  }
  const chosen = spec.preprocessing ?? preprocessing;
  const how = chosen === preprocessing ? 'which this origin implies' : 'as this input says';
  context.note?.(`${vggTitle(network)} from ${told}; pre-processing of images: ${chosen}, ${how}`);
  return {
    type: 'weights',
    meta: { origin: 'file', network, preprocessing: chosen, layout: spec.layout ?? layout },
    files: { weights: file, ...Object.fromEntries([...shards].map(([name, path]) => [companionRole(name), path])) },
    origin,
  };
}

export const weightsType: ArtifactType = {
  name: 'weights',
  title: 'weights of a VGG network',
  description: [
    '- `weights`: the file as it is: safetensors, PyTorch, HDF5 of Keras, ONNX, or `model.json` of TensorFlow.js; told by its content',
    '- further files that it names, as `beside/NAME`: shards of TensorFlow.js, external data of ONNX',
    '- meta: `origin` (`file` or `synthetic`), `network`, `preprocessing`, `layout`; for synthetic weights no file, but `seed`, `width` and `untrained: true`',
    '',
    'Pre-processing and layout follow from the origin of the file (formats and names) unless the input says otherwise; both are part of the key of every result. Synthetic weights are random: the network has the right shape and has learnt nothing. Everything that descends from them is marked as untrained.',
  ].join('\n'),
  input: {
    properties: {
      path: pathProperty('The weight file.'),
      fetched: {
        enum: knownNames,
        description: 'Instead of a path: weights that `voxreel weights fetch NAME` has stored for this user.',
      },
      network: {
        enum: vggNetworks,
        default: 'vgg16',
        description: 'Which VGG it is. A file of another one is an error, since layers with the same names differ.',
      },
      preprocessing: {
        enum: ['caffe', 'torch'],
        description:
          'How pixels become numbers. Default: `caffe` (BGR minus mean) for Keras and TensorFlow.js, `torch` (RGB, normalised) for PyTorch, safetensors with torchvision’s names, and ONNX.',
      },
      layout: {
        enum: ['oihw', 'hwio'],
        description:
          'Order of the axes of kernels in the file. Default: `hwio` for Keras and TensorFlow.js, `oihw` for the others.',
      },
      synthetic: {
        type: 'object',
        additionalProperties: false,
        properties: {
          seed: { type: 'integer', minimum: 0, default: 1, description: 'Start of the random numbers.' },
          width: {
            type: 'integer',
            minimum: 1,
            maximum: 64,
            default: 64,
            unit: 'kernels',
            description: 'Kernels of the first layer; the others keep VGG’s proportions. 64 is the full network.',
          },
        },
        description: 'Random weights instead of a file, for trying things out. Results are marked as untrained.',
      },
    },
    resolve: (spec, context) => resolve(spec as WeightsSpec, context),
  },
};
