import type { BoldData } from '../../artifacts/bold.js';
import { requireSameGrid, visitImage, voxelCount } from '../../artifacts/image.js';
import { type Mask, maskVoxels, readMask } from '../../artifacts/mask.js';
import { UserError } from '../../artifacts/user-error.js';

/** Shares of the automatic mask: the mean image above 0.4 of its 98th percentile. */
const brightness = 0.4;
const percentile = 0.98;

/** Reads a mask and makes sure that it lies on the grid of the BOLD image. */
export async function givenMask(file: string, origin: string, bold: BoldData, boldOrigin: string): Promise<Mask> {
  const mask = await readMask(file);
  const { grid } = bold.header;
  requireSameGrid(
    { grid: mask.grid, name: `the mask ${origin}`, file },
    { grid, name: boldOrigin },
    'Put the mask on that grid: step "resample", "kind: mask", with the BOLD image as reference.',
  );
  return { grid, voxels: mask.voxels };
}

/** The voxels that are bright in the mean of the volumes used. */
export async function automaticMask(bold: BoldData, drop: number, signal: AbortSignal): Promise<Mask> {
  const { grid, volumes } = bold.header;
  const mean = new Float64Array(voxelCount(grid));
  await visitImage(
    bold.file,
    (values, volume) => {
      if (volume < drop) return;
      for (let i = 0; i < mean.length; i++) mean[i]! += values[i]! / (volumes - drop);
    },
    signal,
  );
  const sorted = mean.filter((value) => Number.isFinite(value)).sort();
  const limit = brightness * quantile(sorted, percentile);
  const voxels = maskVoxels(Uint8Array.from(mean, (value) => (value > limit ? 1 : 0)));
  if (limit > 0 && voxels.length > 0) return { grid, voxels };
  throw new UserError({
    message: 'no automatic mask: the mean image is not positive anywhere',
    place: { file: bold.file },
    expected: 'a BOLD image whose brain is brighter than its background',
    hint: 'Wire a mask to this step.',
  });
}

/** Linear between the neighbouring values, as numpy.percentile. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
