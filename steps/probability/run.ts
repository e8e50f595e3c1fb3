import type { Produced } from '../../artifacts/artifact.js';
import { type Kernel, layersOf, readKernels } from '../../artifacts/kernels.js';
import { writeMaps } from '../../artifacts/maps.js';
import { readMask } from '../../artifacts/mask.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import type { ProbabilityParams } from './index.js';
import { shareOfKernels } from './share-of-kernels.js';

export async function run(context: StepContext<ProbabilityParams>): Promise<Record<string, Produced>> {
  const { params, workDir } = context;
  const thresholded = one(context.inputs, 'thresholded');
  const kernels = await readKernels(thresholded.files['rows.tsv']!);
  const layers = params.layers ?? layersOf(kernels);
  checkLayers(params, kernels, thresholded.origin);

  const mask = await readMask(thresholded.files['mask.nii.gz']!);
  const voxels = mask.voxels.length;
  const wanted = [...new Set([...layers, ...params.differences.flat()])];
  const share = await shareOfKernels(thresholded, kernels, wanted, voxels, params.sign, context.signal);

  const maps = layers.map((layer) => ({ name: layer, map: share.get(layer)! }));
  for (const [first, second] of params.differences) {
    const minus = share.get(second)!;
    maps.push({ name: `${first}-${second}`, map: share.get(first)!.map((value, v) => value - minus[v]!) });
  }
  const data = new Float64Array(maps.length * voxels);
  maps.forEach(({ map }, row) => {
    data.set(map, row * voxels);
  });

  const { statistic, threshold, p, sides, minExtent } = thresholded.meta;
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
      of: { statistic: statistic!, threshold: threshold!, p: p!, sides: sides!, minExtent: minExtent! },
    },
    ...untrainedOf(thresholded.meta),
  });
  return { probability: produced };
}

function checkLayers(params: ProbabilityParams, kernels: readonly Kernel[], origin: string): void {
  const there = layersOf(kernels);
  const named = [
    ...(params.layers ?? []).map((layer, n) => ({ layer, keys: ['layers', n] })),
    ...params.differences.flatMap((pair, n) => pair.map((layer, m) => ({ layer, keys: ['differences', n, m] }))),
  ];
  const problems = named
    .filter(({ layer }) => !there.includes(layer))
    .map(({ layer, keys }) => ({
      message: `${origin} has no kernel of a layer "${layer}"`,
      keys,
      expected: `one of: ${there.join(', ')}`,
    }));
  if (problems.length > 0) throw new UserError(problems);
}
