import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { ResolvedInput, ResolvedItem } from '../../artifacts/artifact.js';
import { bidsType } from '../../artifacts/bids.js';
import { ijkOf, mmOf, readImage, readImageHeader, readVoxelSeries, sameGrid } from '../../artifacts/image.js';
import { readMask } from '../../artifacts/mask.js';
import { readNpy } from '../../artifacts/npy.js';
import { readRegressors, regressorsType } from '../../artifacts/regressors.js';
import { readSeries, seriesType } from '../../artifacts/series.js';
import { describeShared, shared } from '../support/shared.js';

const reference = path.join(shared, 'reference');
const arrays = (name: string) => path.join(reference, 'arrays', name);
const context = { baseDir: reference, name: 'own' };

async function subjects(spec: Record<string, unknown> = {}, note?: (message: string) => void): Promise<ResolvedItem[]> {
  const found = await bidsType.input!.resolve({ path: 'haxby-bids', ...spec }, { ...context, ...(note && { note }) });
  return found as ResolvedItem[];
}

describeShared('real images (Haxby et al. 2001, as the reference has them)', () => {
  it('have their mask voxels in file order, at the positions in mm that nibabel gives', async () => {
    const mask = await readMask(arrays('mask/group_mask.nii.gz'));
    const [offsets, ijk, mm] = await Promise.all(
      ['file_offset', 'ijk', 'xyz_mm'].map(async (name) => [...(await readNpy(arrays(`mask/${name}.npy`))).data]),
    );
    expect([...mask.voxels]).toEqual(offsets!.toSorted((a, b) => a - b));
    offsets!.forEach((offset, v) => {
      expect(ijkOf(mask.grid, offset)).toEqual(ijk!.slice(3 * v, 3 * v + 3));
      // The same products of the same float32 affine, perhaps added in another order.
      mmOf(mask.grid, offset).forEach((value, axis) => void expect(value).toBeCloseTo(mm![3 * v + axis]!, 9));
    });
  });

  it('give the mean BOLD of every subject and voxel', async () => {
    const mask = await readMask(arrays('mask/group_mask.nii.gz'));
    const offsets = (await readNpy(arrays('mask/file_offset.npy'))).data;
    const means = await readNpy(arrays('glm/bold_mean.npy'));
    const place = new Map([...mask.voxels].map((offset, index) => [offset, index]));
    const items = await subjects({ task: 'movie', space: 'T1w' });
    expect(items).toHaveLength(means.shape[0]!);
    for (const [subject, item] of items.entries()) {
      const series = await readVoxelSeries(item.ports.bold!.files['image.nii.gz']!, mask.voxels);
      for (let v = 0; v < offsets.length; v++) {
        const at = place.get(offsets[v]!)! * 121;
        const mean = series.subarray(at, at + 121).reduce((sum, value) => sum + value, 0) / 121;
        // Sums of 121 integers are exact; one division may round differently.
        expect(mean).toBeCloseTo(means.data[subject * 447 + v]!, 10);
      }
    }
  });

  it('hold the numbers that lie in the file at their offsets', async () => {
    const [item] = await subjects();
    const file = item!.ports.bold!.files['image.nii.gz']!;
    const { data } = await readImage(file);
    const bytes = gunzipSync(await readFile(file));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    expect(data).toHaveLength(40 * 20 * 121);
    for (let i = 0; i < data.length; i += 97) expect(data[i]).toBe(view.getInt16(352 + 2 * i, true));
  });

  it('of three dimensions and many subjects lie as numpy has them, transposed', async () => {
    const image = await readImage(arrays('volume/subject_maps.nii.gz'));
    expect(image.header).toMatchObject({ volumes: 14 });
    const [nx, ny, nz] = image.header.grid.dim;
    // One-sample t over the 14 maps, by its definition, against scipy's t in numpy's order [x, y, z].
    const t = (await readNpy(arrays('volume/t_volume.npy'))).data;
    const size = nx * ny * nz;
    const mask = await readMask(arrays('volume/mask.nii.gz'));
    for (let v = 0; v < mask.voxels.length; v += 53) {
      const offset = mask.voxels[v]!;
      const values = Array.from({ length: 14 }, (_, s) => image.data[s * size + offset]!);
      const mean = values.reduce((a, b) => a + b, 0) / 14;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 13;
      const [x, y, z] = ijkOf(image.header.grid, offset);
      expect(mean / Math.sqrt(variance / 14)).toBeCloseTo(t[(x * ny + y) * nz + z]!, 9);
    }
  });

  it('written by SPM and nibabel lie on one grid; AFNI’s five-dimensional bucket is refused by its field', async () => {
    const crop = path.join(reference, 'spm/crop');
    for (const name of ['spm/spmT_0001.nii', 'spm/mask.nii', 'input/bold.nii', 'other_peers/crop_nilearn_ols.nii']) {
      const header = await readImageHeader(path.join(crop, name));
      expect(sameGrid(header.grid, (await readImageHeader(path.join(crop, 'input/mask.nii'))).grid)).toBe(true);
    }
    const bucket = path.join(crop, 'other_peers/afni_3dREMLfit.nii');
    await expect(readImageHeader(bucket)).rejects.toThrow(/dim\[5\]\): length 3 along dimension 5/);
  });
});

describeShared('real inputs', () => {
  it('in BIDS: eight subjects with BOLD, mask, confounds and the TR of their sidecars', async () => {
    const items = await subjects({ task: 'movie', space: 'T1w' });
    expect(items.map(({ label }) => label)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `sub-0${n}`));
    for (const { label, ports, entities } of items) {
      expect(Object.keys(ports)).toEqual(['bold', 'mask', 'confounds', 'events']);
      expect(ports.bold!.meta).toEqual({ tr: 2.5 });
      expect(entities).toEqual({ sub: label.slice(4), task: 'movie', space: 'T1w' });
    }
    expect(items[0]!.ports.bold!.origin).toBe(
      'haxby-bids/derivatives/fmriprep/sub-01/func/sub-01_task-movie_space-T1w_desc-preproc_bold.nii.gz',
    );
    // The same from the derivatives folder itself, and with filters.
    expect(await subjects({ path: 'haxby-bids/derivatives/fmriprep' })).toHaveLength(8);
    expect((await subjects({ subjects: ['03', 'sub-05', 7] })).map(({ label }) => label)).toEqual([
      'sub-03',
      'sub-05',
      'sub-07',
    ]);
  });

  it('without the subjects that moved too much, who are named', async () => {
    const notes: string[] = [];
    // Mean framewise displacement of the eight confounds files, computed with awk: only sub-07 lies below 0.1 mm.
    const items = await subjects({ exclude: { mean_fd: 0.1 } }, (message) => notes.push(message));
    expect(items.map(({ label }) => label)).toEqual(['sub-07']);
    expect(notes).toHaveLength(7);
    expect(notes[0]).toMatch(/^sub-01 is left out: mean framewise displacement 0\.129 mm is above 0\.1 mm$/);
  });

  it('a series from a table, with interval and layers from the JSON file beside it', async () => {
    const resolved = (await seriesType.input!.resolve({ path: 'series/kernels.tsv' }, context)) as ResolvedInput;
    const series = await readSeries({ digest: '', meta: {}, ...resolved });
    expect(series).toMatchObject({ samples: 130, interval: 2.5 });
    expect(series.kernels[7]).toEqual({ name: 'k08', layer: 'B', kernel: 2 });
    expect([...series.values.subarray(12, 15)]).toEqual([0.1, 0.834492, 0.472619]);
  });

  it('regressors from an array whose rows are kernels', async () => {
    const layers = { A: ['k01', 'k02', 'k03', 'k04', 'k05', 'k06'], B: ['k07', 'k08', 'k09', 'k10', 'k11', 'k12'] };
    const spec = { path: 'arrays/glm/regressors.npy', tr: 2.5, layers, axes: ['kernel', 'volume'] };
    const resolved = (await regressorsType.input!.resolve(spec, context)) as ResolvedInput;
    const regressors = await readRegressors({ digest: '', meta: {}, ...resolved });
    const raw = (await readNpy(path.join(reference, spec.path))).data;
    expect(regressors).toMatchObject({ volumes: 121, tr: 2.5, model: 'given' });
    expect(regressors.values[5 * 12 + 3]).toBe(raw[3 * 121 + 5]);
  });
});
