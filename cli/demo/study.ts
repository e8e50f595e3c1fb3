import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Grid } from '../../artifacts/grid.js';
import { writeImage } from '../../artifacts/image.js';
import { writeTable } from '../../artifacts/table.js';
import { demoGrid, drawAtlas, drawHead, type Head, regions } from './anatomy.js';
import { simulateBold } from './bold.js';
import { confoundsTable, drawMotion } from './motion.js';
import { type Planted, subjectPercents } from './plant.js';
import { seededRandom } from './random.js';
import type { StudySize } from './size.js';

const task = 'film';
const space = 'MNI152NLin2009cAsym';
/** int16 steps of this many scanner units: 0.02 % of the signal, far below the noise. */
const slope = 0.2;

/** Writes the atlas: `atlas/regions.nii.gz` and its table. */
export async function writeAtlas(dir: string, size: StudySize): Promise<void> {
  const grid = demoGrid(size.voxel);
  await mkdir(path.join(dir, 'atlas'), { recursive: true });
  await writeImage(path.join(dir, 'atlas', 'regions.nii.gz'), {
    grid,
    data: drawAtlas(grid),
    datatype: 'uint8',
    description: 'demo atlas',
    intent: { code: 'label' },
  });
  await writeTable(
    path.join(dir, 'atlas', 'regions.tsv'),
    ['index', 'name'],
    regions.map(({ index, name }) => [index, name]),
  );
}

/** Writes the ground truth: `truth.tsv`, one line per region that responds. */
export async function writeTruth(dir: string, planted: readonly Planted[]): Promise<void> {
  await writeTable(
    path.join(dir, 'truth.tsv'),
    ['region', 'index', 'kernel', 'layer', 'percent_per_sd'],
    planted.map(({ regionName, region, kernel, percent }) => [regionName, region, kernel.name, kernel.layer, percent]),
  );
}

/** Names of the subjects, as BIDS labels. */
function subjectNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `sub-${String(i + 1).padStart(2, '0')}`);
}

/**
 * Writes the scans as fMRIPrep would leave them: `derivatives/fmriprep/sub-01/func/…` with preprocessed BOLD (int16
 * with a scale factor), brain mask, confounds and JSON sidecars.
 * @param planted responses; their series start with the film, `size.before` volumes into the scan
 * @param onSubject called after each subject with how many are written
 */
export async function writeScans(
  dir: string,
  size: StudySize,
  planted: readonly Planted[],
  onSubject: (done: number) => void = () => {},
  signal?: AbortSignal,
): Promise<void> {
  const root = path.join(dir, 'derivatives', 'fmriprep');
  const subjects = subjectNames(size.subjects);
  await mkdir(root, { recursive: true });
  await writeJson(path.join(root, 'dataset_description.json'), {
    Name: 'voxreel demo study (simulated)',
    BIDSVersion: '1.8.0',
    DatasetType: 'derivative',
    License: 'CC0',
    GeneratedBy: [{ Name: 'voxreel demo', Description: 'Simulated images in the layout of fMRIPrep' }],
  });
  await writeTable(
    path.join(root, 'participants.tsv'),
    ['participant_id'],
    subjects.map((subject) => [subject]),
  );
  const grid = demoGrid(size.voxel);
  const atlas = drawAtlas(grid);
  for (const [i, subject] of subjects.entries()) {
    signal?.throwIfAborted();
    await writeSubject(path.join(root, subject, 'func'), subject, size, grid, atlas, planted);
    onSubject(i + 1);
  }
}

async function writeSubject(
  dir: string,
  subject: string,
  size: StudySize,
  grid: Grid,
  atlas: Uint8Array,
  planted: readonly Planted[],
): Promise<void> {
  const volumes = size.before + size.windows;
  const random = seededRandom(`demo/${subject}/scan`);
  const head = drawHead(grid, `demo/${subject}`);
  const motion = drawMotion(random, volumes);
  const percents = subjectPercents(planted, `demo/${subject}`);
  const responses = planted.map(({ region, series }, i) => ({
    region,
    percent: percents[i]!,
    series: Float64Array.from({ length: volumes }, (_, t) => (t < size.before ? 0 : series[t - size.before]!)),
  }));
  const image = simulateBold({ grid, head, atlas, volumes, responses, motion }, random);
  const stem = path.join(dir, `${subject}_task-${task}`);
  const spatial = `${stem}_space-${space}`;
  await mkdir(dir, { recursive: true });
  await writeImage(`${spatial}_desc-preproc_bold.nii.gz`, {
    grid,
    volumes,
    data: toSteps(image),
    datatype: 'int16',
    slope,
    tr: size.tr,
    description: 'simulated BOLD',
  });
  await writeJson(`${spatial}_desc-preproc_bold.json`, {
    RepetitionTime: size.tr,
    TaskName: task,
    SkullStripped: false,
    Description: 'Simulated by voxreel demo',
  });
  await writeImage(`${spatial}_desc-brain_mask.nii.gz`, {
    grid,
    data: head.mask,
    datatype: 'uint8',
    description: 'brain mask',
  });
  await writeJson(`${spatial}_desc-brain_mask.json`, { Type: 'Brain' });
  const confounds = confoundsTable(motion, tissueMeans(image, head, volumes), size.tr);
  await writeTable(`${stem}_desc-confounds_timeseries.tsv`, confounds.columns, confounds.rows);
  await writeJson(`${stem}_desc-confounds_timeseries.json`, { Description: 'Simulated by voxreel demo' });
}

function toSteps(image: Float32Array): Int16Array {
  const steps = new Int16Array(image.length);
  for (let i = 0; i < image.length; i++) steps[i] = Math.round(image[i]! / slope);
  return steps;
}

/** Mean signal [volume] of the whole brain and of its tissues, by fMRIPrep's column names. */
function tissueMeans(image: Float32Array, head: Head, volumes: number): Record<string, Float64Array> {
  const count = head.mask.length;
  const means = (inside: (voxel: number) => boolean) => {
    const voxels = Int32Array.from({ length: count }, (_, i) => i).filter(inside);
    return Float64Array.from({ length: volumes }, (_, t) => {
      return voxels.reduce((sum, voxel) => sum + image[t * count + voxel]!, 0) / voxels.length;
    });
  };
  return {
    global_signal: means((voxel) => head.mask[voxel] === 1),
    csf: means((voxel) => head.tissue[voxel] === 3),
    white_matter: means((voxel) => head.tissue[voxel] === 2),
  };
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, null, 2)}\n`);
}
