import { createHash } from 'node:crypto';
import path from 'node:path';
import { companionsBeside } from '../../../artifacts/weights/companions.js';
import { openWeights } from '../../../artifacts/weights/open.js';
import { findVgg, readVgg, type VggTensors } from '../../../artifacts/weights/vgg-tensors.js';
import type { ConvLayer, VggName } from '../../../numerics/vgg/layers.js';
import { shared } from '../../support/shared.js';

export const fixtures = path.join(shared, 'weights');

export interface ReadWeights extends VggTensors {
  readonly format: string;
  readonly layers: readonly ConvLayer[];
}

/** Everything that a weight file gives, as `extract` reads it. */
export async function readWeightFile(file: string, network: VggName = 'vgg16'): Promise<ReadWeights> {
  const tensors = await openWeights(file, file, companionsBeside(file, file));
  try {
    const found = findVgg(tensors, { network });
    return { ...found, format: tensors.format, layers: await readVgg(tensors, found) };
  } finally {
    await tensors.close();
  }
}

/** A digest for each tensor, in order: equal only for equal bits. */
export function bitsOf(layers: readonly ConvLayer[]): string[] {
  const digest = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    createHash('sha256')
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest('hex');
  return layers.flatMap(({ name, channels, kernels, weight, bias }) => [
    `${name} ${kernels}x${channels}`,
    digest(weight),
    digest(bias),
  ]);
}
