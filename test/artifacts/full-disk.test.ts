import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createImage, makeGrid } from '../../artifacts/image.js';
import { createNpy } from '../../artifacts/npy.js';
import { smallDisk } from '../support/full-disk.js';

const disk = smallDisk(1);
afterAll(() => disk?.remove());

const grid = makeGrid([64, 64, 32], [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 1);

describe.skipIf(!disk)('on a full disk', () => {
  afterEach(async () => {
    for (const name of await readdir(disk!.dir)) await rm(path.join(disk!.dir, name));
  });

  it.each(['a.nii', 'a.nii.gz'])(
    'an image ends with ENOSPC, at a write or at the end, and never hangs (%s)',
    async (name) => {
      const image = await createImage(path.join(disk!.dir, name), { grid, volumes: 8, datatype: 'float64' });
      const noise = Float64Array.from({ length: 64 * 64 * 32 }, () => Math.random());
      const all = async () => {
        for (let volume = 0; volume < 8; volume++) await image.write(noise);
        await image.close();
      };
      await expect(all()).rejects.toMatchObject({ code: 'ENOSPC' });
      await image.abandon();
    },
  );

  it('an array ends with ENOSPC', async () => {
    const npy = await createNpy(path.join(disk!.dir, 'a.npy'), [8, 131072], '<f8');
    const row = new Float64Array(131072).fill(1);
    const all = async () => {
      for (let r = 0; r < 8; r++) await npy.writeAt(r, row);
    };
    await expect(all()).rejects.toMatchObject({ code: 'ENOSPC' });
    await npy.close();
  });
});
