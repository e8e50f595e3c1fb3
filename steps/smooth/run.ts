import path from 'node:path';
import type { Produced } from '../../artifacts/artifact.js';
import { type BoldData, readBold } from '../../artifacts/bold.js';
import { createImage, visitImage } from '../../artifacts/image.js';
import { linkOrCopy } from '../../artifacts/link.js';
import { descrip } from '../../artifacts/published.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { inOrder } from '../../numerics/in-order.js';
import type { SmoothParams } from './index.js';

export async function run(context: StepContext<SmoothParams>): Promise<Record<string, Produced>> {
  const source = one(context.inputs, 'image');
  const bold = await readBold(source);
  const { fwhm } = context.params;
  if (fwhm === 0) {
    const role = source.files['image.nii'] ? 'image.nii' : 'image.nii.gz';
    const copy = path.join(context.workDir, role);
    await linkOrCopy(bold.file, copy);
    return { smoothed: { files: { [role]: copy }, meta: source.meta } };
  }
  // Not compressed: smoothed float32 hardly shrinks, and zlib would take longer than the smoothing.
  const file = path.join(context.workDir, 'image.nii');
  await smoothImage(bold, file, fwhm, context);
  return { smoothed: { files: { 'image.nii': file }, meta: source.meta } };
}

/** Volume by volume: as many are on their way as there are threads, and one more. */
async function smoothImage(
  bold: BoldData,
  file: string,
  fwhm: number,
  { pool, signal, progress, note }: StepContext<SmoothParams>,
): Promise<void> {
  const { grid, volumes } = bold.header;
  const image = await createImage(file, {
    grid,
    volumes,
    datatype: 'float32',
    tr: bold.tr,
    description: descrip(`BOLD smoothed with ${fwhm} mm FWHM`),
  });
  let written = 0;
  const results = inOrder<{ smoothed: Float32Array }>(pool.threads + 1, async ({ smoothed }) => {
    await image.write(smoothed);
    progress(++written, volumes, 'volumes');
  });
  let notFinite = 0;
  try {
    await visitImage(
      bold.file,
      async (data) => {
        for (const value of data) if (!Number.isFinite(value)) notFinite++;
        const { dim, voxelSize } = grid;
        const payload = { data, dim, voxelSize, fwhm };
        const transfer = [data.buffer as ArrayBuffer];
        await results.add(pool.run('smooth.volume', payload, { transfer, signal }));
      },
      signal,
    );
    await results.end();
  } catch (error) {
    await image.abandon();
    throw error;
  }
  await image.close();
  if (notFinite > 0) note(`${notFinite} values were NaN or infinite and counted as 0`);
}
