/**
 * Thresholding with clusters: `node dist/bench/threshold.js [MAPS] [--box]`. Maps of t (float32) of 61x73x61 voxels, smooth
 * noise with activation, as a file like those of `group`; the step `threshold` in a fresh process, from that file to
 * the voxels that pass with their clusters, peaks and tables on disk. 4224 maps of the 70,000 voxels of a brain; with `--box`
 * of all 271,633. A quarter of the maps first: does memory grow?
 *
 * Alternatives on the first maps, one thread, maps in memory: scipy.ndimage (labels, sizes, peaks, centres of mass), where
 * there is a `python3` with scipy, and a plain flood fill in JavaScript (labels and sizes). All must find the same number of
 * clusters.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Artifact } from '../artifacts/artifact.js';
import { voxelCount } from '../artifacts/grid.js';
import { createMaps } from '../artifacts/maps.js';
import type { Mask } from '../artifacts/mask.js';
import { readNpyRows, writeNpy } from '../artifacts/npy.js';
import { numericColumn, readTable } from '../artifacts/table.js';
import { tQuantile } from '../numerics/distributions.js';
import { createPool } from '../numerics/pool.js';
import { thresholdStep } from '../steps/threshold/index.js';
import { activation, brainMask, grid, kernelsOfLayer, smoothNoise } from './brain.js';
import { artifactOf, runStep } from './fits.js';
import { floodFill } from './flood-fill.js';
import { inFreshProcess, type Measured, measured, peakMB } from './measured.js';
import { fromPython } from './python.js';

const df = 28;
/** Maps that the alternatives get. */
const sample = 64;

type Figures = Measured & { readonly peakMB: number; readonly thresholds: string };

/** Every map is another mixture of four smooth fields, and another amount of activation. */
async function writeStatistics(dir: string, mask: Mask, rows: number): Promise<Artifact> {
  const fields = Array.from({ length: 24 }, () => smoothNoise(mask, 9));
  const active = activation(mask);
  const statistics = { t: { units: '1', df } };
  await mkdir(dir);
  const writer = await createMaps(dir, { kind: 'group', statistics, rows: kernelsOfLayer(rows), mask, df }, '<f4');
  const map = new Float32Array(mask.voxels.length);
  for (let row = 0; row < rows; row++) {
    const [a, b, c, d] = Array.from({ length: 4 }, () => fields[Math.floor(Math.random() * fields.length)]!);
    const weights = Array.from({ length: 4 }, () => Math.random() - 0.5);
    const [wa, wb, wc, wd] = weights.map((weight) => weight / Math.hypot(...weights));
    const height = 8 * Math.random() ** 2;
    for (let v = 0; v < map.length; v++) {
      map[v] = height * active[v]! + wa! * a![v]! + wb! * b![v]! + wc! * c![v]! + wd! * d![v]!;
    }
    await writer.arrays.t!.writeAt(row, map);
  }
  return artifactOf('maps', await writer.finish(), 'maps');
}

async function child(dir: string, maps: Artifact, p: number): Promise<Figures> {
  const pool = createPool();
  let thresholds = '';
  const time = await measured(async () => {
    const { thresholded } = await runStep(thresholdStep as never, { maps }, dir, pool, { p });
    thresholds = thresholded!.files['thresholds.tsv']!;
  });
  await pool.close();
  return { ...time, peakMB: peakMB(), thresholds };
}

/** Lines of the table: ms of CPU per map of each alternative. Throws where their clusters are others than those of the step. */
async function alternatives(maps: Artifact, mask: Mask, p: number, clusters: Float64Array): Promise<string[]> {
  const file = maps.files['t.npy']!;
  const height = tQuantile(p, df);
  const offsets = path.join(path.dirname(file), 'offsets.npy');
  await writeNpy(offsets, [mask.voxels.length], mask.voxels);
  const scipy = fromPython<{ ms: number; version: string; clusters: number[] }>('threshold-scipy.py', [
    ...[file, offsets, String(height), String(sample)],
  ]);
  const { data } = await readNpyRows(file, 0, sample);
  const flooded: number[] = [];
  const time = await measured(async () => {
    for (let row = 0; row < sample; row++) {
      const map = data.subarray(row * mask.voxels.length, (row + 1) * mask.voxels.length) as Float32Array;
      flooded.push(floodFill(map, mask.voxels, grid.dim, height).length);
    }
  });
  for (const found of [flooded, scipy?.clusters ?? flooded]) {
    if (found.some((count, row) => count !== clusters[row])) throw new Error('other clusters than the alternative');
  }
  const line = (name: string, ms: number) => `| ${[name, p, sample, '', '', '', ms.toFixed(2), ''].join(' | ')} |`;
  return [
    scipy ? line(`scipy.ndimage ${scipy.version}`, scipy.ms) : 'no python3 with scipy here',
    line('plain flood fill', (1000 * time.cpu) / sample),
  ];
}

async function main(rows: number, box: boolean): Promise<void> {
  const brain = brainMask();
  const mask = box ? { grid, voxels: Int32Array.from({ length: voxelCount(grid) }, (_, v) => v) } : brain;
  console.log(`${os.cpus()[0]?.model}, ${os.availableParallelism()} threads, Node ${process.version}`);
  console.log(`${mask.voxels.length} voxels\n`);
  console.log('| | p < | maps | voxels, clusters per map | s | CPU s | ms of CPU per map | peak RSS, MB |');
  console.log('|---|---|---|---|---|---|---|---|');
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const few = await writeStatistics(path.join(dir, 'few'), mask, Math.ceil(rows / 4));
    const all = await writeStatistics(path.join(dir, 'all'), mask, rows);
    for (const p of [0.001, 0.05]) {
      for (const maps of [few, all]) {
        const work = await mkdtemp(path.join(dir, 'work-'));
        const { seconds, cpu, peakMB, thresholds } = await inFreshProcess<Figures>(
          ...([fileURLToPath(import.meta.url), work, JSON.stringify(maps), String(p)] as [string, ...string[]]),
        );
        const table = await readTable(thresholds);
        const column = (name: string) => numericColumn(table, name, thresholds);
        const perMap = (name: string) => column(name).reduce((sum, value) => sum + value, 0) / table.rows.length;
        const what = `${perMap('voxels').toFixed(0)}, ${perMap('clusters').toFixed(0)}`;
        const figures = [seconds.toFixed(1), cpu.toFixed(1), ((1000 * cpu) / table.rows.length).toFixed(2)];
        console.log(`| ${['threshold', p, table.rows.length, what, ...figures, peakMB.toFixed(0)].join(' | ')} |`);
        if (maps === all) for (const line of await alternatives(maps, mask, p, column('clusters'))) console.log(line);
        await rm(work, { recursive: true });
      }
    }
  } finally {
    await rm(dir, { recursive: true });
  }
}

const args = process.argv.slice(2);
if (args[0] === '--child') console.log(JSON.stringify(await child(args[1]!, JSON.parse(args[2]!), Number(args[3]))));
else await main(Number(args.find((arg) => arg !== '--box') ?? 4224), args.includes('--box'));
