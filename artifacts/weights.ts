import type { Artifact, ArtifactType, InputContext, ResolvedInput } from './artifact.js';
import { inputFile, pathProperty } from './input-file.js';
import { fileOf, numberIn } from './meta.js';
import { UserError } from './user-error.js';

export type WeightsData =
  | { readonly origin: 'file'; readonly file: string }
  /** Drawn from a seed: for tests and demonstrations. `width`: kernels of the first layer (64: the full VGG-16). */
  | { readonly origin: 'synthetic'; readonly seed: number; readonly width: number; readonly untrained: true };

/** Where the weights come from; the numbers themselves are the business of `extract`. */
export function readWeights(artifact: Artifact): WeightsData {
  if (artifact.meta.origin !== 'synthetic') return { origin: 'file', file: fileOf(artifact, 'weights') };
  const [seed, width] = [numberIn(artifact, 'seed'), numberIn(artifact, 'width')];
  return { origin: 'synthetic', seed, width, untrained: true };
}

interface WeightsSpec {
  readonly path?: string;
  readonly synthetic?: { readonly seed?: number; readonly width?: number };
}

async function resolve(spec: WeightsSpec, context: InputContext): Promise<ResolvedInput> {
  if ((spec.path === undefined) === (spec.synthetic === undefined)) {
    throw new UserError({
      message: spec.path === undefined ? 'no weights are named' : 'both "path" and "synthetic" are given',
      expected: 'either "path" (a weight file) or "synthetic" (random weights, for trying things out)',
      keys: spec.path === undefined ? [] : ['synthetic'],
    });
  }
  if (spec.path !== undefined) {
    const file = await inputFile(spec.path, context, 'a file of VGG-16 weights (.safetensors)');
    return { type: 'weights', meta: { origin: 'file' }, files: { weights: file }, origin: spec.path };
  }
  const { seed = 1, width = 64 } = spec.synthetic!;
  const meta = { origin: 'synthetic', seed, width, untrained: true };
  return { type: 'weights', meta, files: {}, origin: `synthetic weights (seed ${seed}, width ${width})` };
}

export const weightsType: ArtifactType = {
  name: 'weights',
  title: 'weights of VGG-16',
  description: [
    '- `weights`: the file as it is (safetensors)',
    '- meta: `origin` (`file` or `synthetic`); for synthetic weights no file, but `seed`, `width` and `untrained: true`',
    '',
    'Synthetic weights are random: the network has the right shape and has learnt nothing. Everything that descends from them is marked as untrained.',
  ].join('\n'),
  input: {
    properties: {
      path: pathProperty('The weight file.'),
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
            description: 'Kernels of the first layer; the others keep VGG-16’s proportions. 64 is the full network.',
          },
        },
        description: 'Random weights instead of a file, for trying things out. Results are marked as untrained.',
      },
    },
    resolve: (spec, context) => resolve(spec as WeightsSpec, context),
  },
};
