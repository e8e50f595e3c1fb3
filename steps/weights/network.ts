import type { Artifact, JsonObject } from '../../artifacts/artifact.js';
import { openWeights } from '../../artifacts/weights/open.js';
import { findVgg, readVgg } from '../../artifacts/weights/vgg-tensors.js';
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
    const { seed, width, network } = weights;
    return {
      network,
      layers: await pool.run<ConvLayer[]>('vgg.synthetic', { seed, width, network }, { signal }),
      preprocessing: 'torch',
      facts: { origin: 'synthetic', network, seed, width },
      untrained: true,
    };
  }
  const { network = 'vgg16', layout, preprocessing } = weights.choice;
  const file = await openWeights(weights.file, artifact.origin, weights.companions);
  try {
    const found = findVgg(file, { network, ...(layout && { layout }) });
    const { format } = file;
    return {
      network,
      layers: await readVgg(file, found),
      preprocessing: preprocessing ?? found.preprocessing,
      facts: { origin: 'file', network, format, names: found.names, layout: found.layout },
      untrained: false,
    };
  } finally {
    await file.close();
  }
}
