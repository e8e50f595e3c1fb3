/**
 * Reading a series and writing a map: `node dist/bench/nifti.js [ROUNDS]`. A .nii.gz of 168 volumes of 61x73x61 int16
 * (gzip level 6, as other tools write it), its 70,000 voxels of the brain as [voxel, time], and one float32 map of the mean
 * as .nii.gz; against what Node's gunzip takes for the same file, whole and as a stream, its bytes dropped. Rounds
 * alternate; what counts is the median of the ratios to the whole.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, gunzipSync } from 'node:zlib';
import { makeGrid, voxelCount } from '../artifacts/grid.js';
import { readImage, readVoxelSeries } from '../artifacts/nifti-data.js';
import { createImage, writeImage } from '../artifacts/nifti-write.js';
import { type Measured, measured } from './measured.js';

const base = 'gunzip of the whole file';
const volumes = 168;
const grid = makeGrid([61, 73, 61], [3, 0, 0, -90, 0, 3, 0, -126, 0, 0, 3, -72, 0, 0, 0, 1], 4);
const size = voxelCount(grid);

/** A ball of brain whose mean varies smoothly, with noise; 0 around it, as after brain extraction. */
async function writeSeries(file: string): Promise<Int32Array> {
  const mean = new Float64Array(size);
  const inside: number[] = [];
  for (let v = 0; v < size; v++) {
    const [x, y, z] = [v % 61, Math.floor(v / 61) % 73, Math.floor(v / (61 * 73))];
    const distance = ((x - 30) / 24) ** 2 + ((y - 36) / 29) ** 2 + ((z - 30) / 24) ** 2;
    if (distance >= 1) continue;
    inside.push(v);
    mean[v] = 8000 + 2500 * Math.sin(x / 7) * Math.cos(y / 9) + 1500 * Math.sin(z / 5);
  }
  const plain = `${file}.raw.nii`;
  const image = await createImage(plain, { grid, volumes, datatype: 'int16', tr: 2 });
  const volume = new Int16Array(size);
  for (let t = 0; t < volumes; t++) {
    for (const v of inside) volume[v] = mean[v]! + 120 * (Math.random() + Math.random() + Math.random() - 1.5);
    await image.write(volume);
  }
  await image.close();
  await pipeline(createReadStream(plain), createGzip({ level: 6 }), createWriteStream(file));
  await rm(plain);
  return Int32Array.from(inside);
}

/** The whole file at once; the fastest that Node does. */
async function gunzipWhole(file: string): Promise<void> {
  const bytes = gunzipSync(await readFile(file));
  if (bytes.length < size * volumes * 2) throw new Error('cut off');
}

async function gunzipStream(file: string): Promise<void> {
  let bytes = 0;
  for await (const chunk of createReadStream(file).pipe(createGunzip())) bytes += chunk.length;
  if (bytes < size * volumes * 2) throw new Error('cut off');
}

async function meanMap(file: string, voxels: Int32Array, map: string): Promise<void> {
  const series = await readVoxelSeries(file, voxels);
  const data = new Float32Array(size);
  voxels.forEach((offset, v) => {
    let sum = 0;
    for (let t = 0; t < volumes; t++) sum += series[v * volumes + t]!;
    data[offset] = sum / volumes;
  });
  await writeImage(map, { grid, datatype: 'float32', data });
}

async function main(rounds: number): Promise<void> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const file = path.join(dir, 'bold.nii.gz');
    const voxels = await writeSeries(file);
    const ways = {
      [base]: () => gunzipWhole(file),
      'gunzip as a stream': () => gunzipStream(file),
      'series of the mask and a map': () => meanMap(file, voxels, path.join(dir, 'mean.nii.gz')),
      'whole image': () => readImage(file),
    };
    const taken: Record<string, Measured[]> = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
    for (let round = 0; round <= rounds; round++) {
      for (const [way, work] of Object.entries(ways)) {
        const time = await measured(work);
        // The first round warms up.
        if (round > 0) taken[way]!.push(time);
      }
    }
    const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
    console.log(`${os.cpus()[0]?.model}, Node ${process.version}, ${voxels.length} voxels, ${rounds} rounds\n`);
    console.log('| | s (median) | CPU s | times gunzip | by CPU time |\n|---|---|---|---|---|');
    const alone = taken[base]!;
    for (const [way, times] of Object.entries(taken)) {
      const ratio = (of: 'seconds' | 'cpu') => median(times.map((time, i) => time[of] / alone[i]![of])).toFixed(2);
      const cells = [
        way,
        median(times.map((time) => time.seconds)).toFixed(2),
        median(times.map((time) => time.cpu)).toFixed(2),
      ];
      console.log(`| ${[...cells, ratio('seconds'), ratio('cpu')].join(' | ')} |`);
    }
  } finally {
    await rm(dir, { recursive: true });
  }
}

await main(Number(process.argv[2] ?? 7));
