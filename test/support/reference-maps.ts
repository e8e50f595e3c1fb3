import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { writeMaps } from '../../artifacts/maps.js';
import { readMask } from '../../artifacts/mask.js';
import { readNpy } from '../../artifacts/npy.js';
import { newFolder } from './folders.js';
import { madeArtifact } from './run-step.js';
import { shared } from './shared.js';

export const arrays = path.join(shared, 'reference', 'arrays');

/** The reference's kernels: k01 to k06 are layer A, k07 to k12 layer B. */
export const referenceKernels = Array.from({ length: 12 }, (_, n) => ({
  name: `k${String(n + 1).padStart(2, '0')}`,
  layer: n < 6 ? 'A' : 'B',
  kernel: n + 1,
}));

/** The reference's group t of eight subjects (df 7), voxels put from numpy's order into that of the file. */
export async function referenceGroupMaps(status: readonly string[] = []): Promise<Artifact> {
  const mask = await readMask(path.join(arrays, 'mask', 'group_mask.nii.gz'));
  const t = (await readNpy(path.join(arrays, 'group', 't.npy'))).data as Float64Array;
  const dir = await newFolder('reference-maps');
  const produced = await writeMaps(dir, {
    kind: 'group',
    statistics: { t: { units: '1', df: 7 } },
    rows: referenceKernels.map((kernel, n) => ({ ...kernel, status: status[n] ?? 'fitted' })),
    mask,
    maps: { t: await toFileOrder(t) },
    df: 7,
    n: 8,
  });
  return madeArtifact('maps', produced, 'steps.group');
}

/** Reorders `[row, voxel]` of the reference's group mask: numpy has x slowest, files have x fastest. */
export async function toFileOrder(values: Float64Array): Promise<Float64Array> {
  const offsets = (await readNpy(path.join(arrays, 'mask', 'file_offset.npy'))).data;
  const order = [...offsets.keys()].sort((a, b) => offsets[a]! - offsets[b]!);
  const width = order.length;
  return values.map((_, at) => values[at - (at % width) + order[at % width]!]!);
}
