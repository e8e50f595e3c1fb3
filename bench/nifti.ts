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
import { fileURLToPath } from 'node:url';
import { createGunzip, createGzip, gunzipSync } from 'node:zlib';
import { voxelCount } from '../artifacts/grid.js';
import { readImage, readVoxelSeries } from '../artifacts/nifti-data.js';
import { createImage, writeImage } from '../artifacts/nifti-write.js';
import { brainMask, grid, placeOf } from './brain.js';
import { inFreshProcess, type Measured, measured, peakMB } from './measured.js';

const base = 'gunzip of the whole file';
const volumes = 168;
const size = voxelCount(grid);

/** A ball of brain whose mean varies smoothly, with noise; 0 around it, as after brain extraction. */
async function writeSeries(file: string, inside: Int32Array): Promise<void> {
  const mean = new Float64Array(size);
  for (const v of inside) {
    const [x, y, z] = placeOf(v);
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

async function meanOf(file: string, voxels: Int32Array): Promise<Float32Array> {
  const series = await readVoxelSeries(file, voxels);
  const data = new Float32Array(size);
  voxels.forEach((offset, v) => {
    let sum = 0;
    for (let t = 0; t < volumes; t++) sum += series[v * volumes + t]!;
    data[offset] = sum / volumes;
  });
  return data;
}

function waysOf(file: string): Record<string, () => Promise<unknown>> {
  const { voxels } = brainMask();
  const map = path.join(path.dirname(file), 'mean.nii.gz');
  // Made before the rounds that count: what is measured is reading and writing, not the mean.
  let mean: Promise<Float32Array> | undefined;
  return {
    [base]: () => gunzipWhole(file),
    'gunzip as a stream': () => gunzipStream(file),
    'series of the mask and a map': async () => {
      mean ??= meanOf(file, voxels);
      const data = await mean;
      await readVoxelSeries(file, voxels);
      await writeImage(map, { grid, datatype: 'float32', data });
    },
    'whole image': () => readImage(file),
  };
}

/** Peak RSS of one way in a process of its own, MB. */
async function child(file: string, way: string): Promise<number> {
  await waysOf(file)[way]!();
  return peakMB();
}

async function main(rounds: number): Promise<void> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const file = path.join(dir, 'bold.nii.gz');
    const { voxels } = brainMask();
    await writeSeries(file, voxels);
    const ways = waysOf(file);
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
    console.log('| | s (median) | CPU s | times gunzip | by CPU time | peak RSS, MB |\n|---|---|---|---|---|---|');
    const alone = taken[base]!;
    for (const [way, times] of Object.entries(taken)) {
      const ratio = (of: 'seconds' | 'cpu') => median(times.map((time, i) => time[of] / alone[i]![of])).toFixed(2);
      const cells = [
        way,
        median(times.map((time) => time.seconds)).toFixed(2),
        median(times.map((time) => time.cpu)).toFixed(2),
      ];
      const peak = await inFreshProcess<number>(fileURLToPath(import.meta.url), file, way);
      console.log(`| ${[...cells, ratio('seconds'), ratio('cpu'), peak.toFixed(0)].join(' | ')} |`);
    }
  } finally {
    await rm(dir, { recursive: true });
  }
}

const args = process.argv.slice(2);
if (args[0] === '--child') console.log(JSON.stringify(await child(args[1]!, args[2]!)));
else await main(Number(args[0] ?? 9));
