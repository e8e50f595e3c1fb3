import type { Produced } from '../../artifacts/artifact.js';
import { layersOf, namedLayers, readKernels, requireLayers } from '../../artifacts/kernels.js';
import { differenceName } from '../../artifacts/layer-differences.js';
import { writeMaps } from '../../artifacts/maps.js';
import { readMask } from '../../artifacts/mask.js';
import { fileOf, untrainedOf } from '../../artifacts/meta.js';
import { one, type StepContext } from '../../engine/step-type.js';
import type { ProbabilityParams } from './index.js';
import { shareOfKernels } from './share-of-kernels.js';

export async function run(context: StepContext<ProbabilityParams>): Promise<Record<string, Produced>> {
  const { params, workDir } = context;
  const thresholded = one(context.inputs, 'thresholded');
  const kernels = await readKernels(fileOf(thresholded, 'rows.tsv'));
  const layers = params.layers ?? layersOf(kernels);
  const ofPairs = params.differences.flatMap((pair, n) => {
    return pair.map((layer, m) => ({ layer, keys: ['differences', n, m] }));
  });
  requireLayers([...namedLayers(params.layers), ...ofPairs], kernels, thresholded.origin);

  const mask = await readMask(fileOf(thresholded, 'mask.nii.gz'));
  const voxels = mask.voxels.length;
  const wanted = [...new Set([...layers, ...params.differences.flat()])];
  const share = await shareOfKernels(thresholded, kernels, wanted, voxels, params.sign, context.signal);

  const maps = layers.map((layer) => ({ name: layer, map: share.get(layer)! }));
  for (const [first, second] of params.differences) {
    const minus = share.get(second)!;
    maps.push({ name: differenceName([first, second]), map: share.get(first)!.map((value, v) => value - minus[v]!) });
  }
  const data = new Float64Array(maps.length * voxels);
  maps.forEach(({ map }, row) => {
    data.set(map, row * voxels);
  });

  const { statistic, threshold, p, correction = 'none', sides, minExtent } = thresholded.meta;
  const produced = await writeMaps(workDir, {
    kind: 'probability',
    statistics: { probability: { units: 'share of kernels' } },
    // A layer's map stands for all its kernels: number 0, since kernels count from 1.
    rows: maps.map(({ name }) => ({ name, layer: name, kernel: 0 })),
    mask,
    maps: { probability: data },
    more: {
      sign: params.sign,
      differences: params.differences,
      of: { statistic: statistic!, threshold: threshold!, p: p!, correction, sides: sides!, minExtent: minExtent! },
    },
    ...untrainedOf(thresholded.meta),
  });
  return { probability: produced };
}
