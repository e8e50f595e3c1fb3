import { constants, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readRegressors } from '../../artifacts/regressors.js';
import { type Problem, UserError } from '../../artifacts/user-error.js';
import { loadWorkflow, run } from '../../index.js';
import { packageDir } from '../package-files.js';
import { cachedOutput } from './cached-output.js';
import { writeFilm } from './film.js';
import { partOfWorkflow } from './part-of-workflow.js';
import { choosePlanted, type Regressors } from './plant.js';
import { writeScenes } from './scenes.js';
import { demoSize, type StudySize } from './size.js';
import { writeAtlas, writeScans, writeTruth } from './study.js';

/** Raised whenever the generator would draw another study. */
const GENERATOR = 1;
/** Written last: a folder with it holds a complete study. */
const MARKER = 'demo.json';

/** Told what is being made: done and total of the current part. */
export type OnPart = (part: string, done: number, total: number) => void;

/**
 * Makes the demo study in a folder, unless it is there already. An existing study.yaml is kept: the user may have
 * changed it.
 * @returns whether anything had to be made
 * @throws UserError for a folder that holds something else
 */
export async function makeStudy(dir: string, onPart: OnPart, signal?: AbortSignal): Promise<boolean> {
  const state = await stateOf(dir);
  if (state === 'complete') return false;
  if (state === 'foreign') {
    throw new UserError({
      message: 'this folder holds something that is not a demo study, and is left as it is',
      place: { file: dir },
      hint: 'Name a new folder: voxreel demo --dir DIR',
    });
  }
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, MARKER), JSON.stringify({ generator: GENERATOR, complete: false }));
  const size = demoSize;
  const original = path.join(packageDir(), 'workflows', 'demo.yaml');
  const workflow = path.join(dir, 'study.yaml');
  await writeDemoFilm(dir, size, onPart, signal);
  await writeAtlas(dir, size);
  await copyIfAbsent(original, workflow);
  const planted = choosePlanted(await kernelRegressors(onPart, signal), Math.ceil(32 / size.tr));
  await writeTruth(dir, planted);
  await writeScans(dir, size, planted, (done) => onPart('Simulating the scans', done, size.subjects), signal);
  await writeFile(path.join(dir, MARKER), JSON.stringify({ generator: GENERATOR, complete: true }));
  return true;

  /** What every kernel of the network says about the film: the first steps of the workflow, with their results cached. */
  async function kernelRegressors(onPart: OnPart, signal?: AbortSignal): Promise<Regressors> {
    // Not the user's own, which may differ: a copy of the original, here because its paths start at its folder.
    const copy = path.join(dir, '.original.yaml');
    await copyFile(original, copy);
    const loaded = await loadWorkflow(copy).finally(() => rm(copy));
    const part = partOfWorkflow({ ...loaded, file: workflow }, 'regressors');
    const problems: Problem[] = [];
    await run(part, {
      ...(signal ? { signal } : {}),
      onEvent(event) {
        if (event.type === 'progress') onPart(`Showing it to the network: ${event.instance}`, event.done, event.total);
        if (event.type === 'failed') problems.push(...event.problems);
      },
    });
    signal?.throwIfAborted();
    if (problems.length > 0) throw new UserError(problems);
    return readRegressors((await cachedOutput(part, 'regressors'))!);
  }
}

async function copyIfAbsent(source: string, target: string): Promise<void> {
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

async function writeDemoFilm(dir: string, size: StudySize, onPart: OnPart, signal?: AbortSignal): Promise<void> {
  const seconds = size.windows * size.tr;
  const scenes = writeScenes('demo', seconds, size.width / size.height);
  const total = seconds * size.fps;
  await writeFilm(path.join(dir, 'film.mp4'), scenes, size, (done) => onPart('Drawing the film', done, total), signal);
}

async function stateOf(dir: string): Promise<'complete' | 'partial' | 'empty' | 'foreign'> {
  const entries = await readdir(dir).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return ['a file'];
    throw error;
  });
  if (entries.length === 0) return 'empty';
  if (!entries.includes(MARKER)) return 'foreign';
  try {
    const { generator, complete } = JSON.parse(await readFile(path.join(dir, MARKER), 'utf8'));
    return generator === GENERATOR && complete === true ? 'complete' : 'partial';
  } catch {
    return 'partial';
  }
}
