import type { Artifact, JsonObject } from '../../artifacts/artifact.js';
import { readWeights } from '../../artifacts/weights.js';
import type { StepContext } from '../../engine/step-type.js';
import type { ConvLayer, Preprocessing, VggName } from '../../numerics/vgg/layers.js';

export interface VggWeights {
  readonly network: VggName;
  /** Every convolution of the network, in order; the graph is built from these alone. */
  readonly layers: readonly ConvLayer[];
  /** What `preprocessing: auto` means for these weights. */
  readonly preprocessing: Preprocessing;
  /** For sidecars: where the numbers come from. */
  readonly facts: JsonObject;
  readonly untrained: boolean;
}

/** The numbers of a `weights` artifact: from its file, or drawn from its seed. Throws UserError for a bad file. */
export async function loadWeights(
  artifact: Artifact,
  { pool, signal }: Pick<StepContext, 'pool' | 'signal'>,
): Promise<VggWeights> {
  const weights = readWeights(artifact);
  if (weights.origin === 'synthetic') {
    const { seed, width } = weights;
    return {
      network: 'vgg16',
      layers: await pool.run<ConvLayer[]>('vgg.synthetic', { seed, width, network: 'vgg16' }, { signal }),
      preprocessing: 'torch',
      facts: { origin: 'synthetic', seed, width },
      untrained: true,
    };
  }
  const { readSafetensors } = await import('./safetensors.js');
  const { readVgg16 } = await import('./vgg-tensors.js');
  const file = await readSafetensors(weights.file, artifact.origin);
  try {
    const { layers, title, preprocessing } = await readVgg16(file);
    return {
      network: 'vgg16',
      layers,
      preprocessing,
      facts: { origin: 'file', format: 'safetensors', names: title },
      untrained: false,
    };
  } finally {
    await file.close();
  }
}
