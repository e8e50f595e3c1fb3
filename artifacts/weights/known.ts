import os from 'node:os';
import path from 'node:path';
import type { VggName } from '../../numerics/vgg/layers.js';

/** A published weight file: where it lies and how it is recognised. */
export interface KnownWeights {
  readonly title: string;
  readonly network: VggName;
  readonly url: string;
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
}

/**
 * The two that people use. Sources of address and checksum: keras/src/applications/vgg16.py (its MD5 is
 * 6d6bbae143d832006294945121d1f1fc), torchvision/models/vgg.py (its file name holds the start of the SHA-256).
 */
export const knownWeights = {
  'vgg16-keras': {
    title: 'the original weights of Simonyan & Zisserman, as Keras ships them (without classifier)',
    network: 'vgg16',
    url: 'https://storage.googleapis.com/tensorflow/keras-applications/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5',
    file: 'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5',
    size: 58_889_256,
    sha256: 'bfe5187d0a272bed55ba430631598124cff8e880b98d38c9e56c8d66032abdc1',
  },
  'vgg16-torchvision': {
    title: 'torchvision’s own training (IMAGENET1K_V1), with the classifier, which is not used',
    network: 'vgg16',
    url: 'https://download.pytorch.org/models/vgg16-397923af.pth',
    file: 'vgg16-397923af.pth',
    size: 553_433_881,
    sha256: '397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0',
  },
} as const satisfies Readonly<Record<string, KnownWeights>>;

export type KnownName = keyof typeof knownWeights;

export const knownNames = Object.keys(knownWeights) as readonly KnownName[];

/**
 * Where fetched weights of this user lie: the environment's VOXREEL_WEIGHTS (a folder that a lab may share), else
 * `voxreel/weights` in the user's data folder (XDG_DATA_HOME, by default ~/.local/share; on Windows LOCALAPPDATA).
 */
export function weightsFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.VOXREEL_WEIGHTS) return path.resolve(env.VOXREEL_WEIGHTS);
  const data =
    process.platform === 'win32'
      ? (env.LOCALAPPDATA ?? path.join(os.homedir(), 'AppData', 'Local'))
      : // The specification ignores relative paths here.
        path.isAbsolute(env.XDG_DATA_HOME ?? '')
        ? env.XDG_DATA_HOME!
        : path.join(os.homedir(), '.local', 'share');
  return path.join(data, 'voxreel', 'weights');
}

/** Where a known weight file lies once it is fetched. */
export function fetchedFile(name: KnownName): string {
  return path.join(weightsFolder(), knownWeights[name].file);
}
