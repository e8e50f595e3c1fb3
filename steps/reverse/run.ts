import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { readFrameTable } from '../../artifacts/frames.js';
import type { Grid } from '../../artifacts/grid.js';
import { linkOrCopy } from '../../artifacts/link.js';
import { fileOf, filesAt, untrainedOf } from '../../artifacts/meta.js';
import { sameTr } from '../../artifacts/repetition-time.js';
import type { SelectedKernel } from '../../artifacts/selection.js';
import { readSeries, type SeriesData } from '../../artifacts/series.js';
import { writeTable } from '../../artifacts/table.js';
import { UserError } from '../../artifacts/user-error.js';
import { many, one, type StepContext } from '../../engine/step-type.js';
import type { ReverseParams } from './index.js';
import { meanOverSubjects } from './mean-over-subjects.js';
import { drawMontages } from './montage.js';
import { movieShown } from './movie-shown.js';
import { peakTimes, type Window } from './peak-times.js';
import { drawPictures, isNetworkKernel, type RegionPeaks } from './pictures.js';
import { type SubjectSeries, seriesOfBold, seriesOfFit } from './region-series.js';
import { type RegionOfKernels, readRegionsOfKernels } from './regions-of-kernels.js';
import * as tables from './tables.js';

export async function run(context: StepContext<ReverseParams>): Promise<Record<string, Produced>> {
  const { params, inputs, workDir, note } = context;
  const selection = one(inputs, 'selection');
  const { grid, regions } = await readRegionsOfKernels(selection);
  if (regions.length === 0) note('the selection holds no region with kernels: nothing to analyse');
  const subjects = regions.length > 0 ? await subjectSeries(regions, grid, context) : [];
  const { tr, volumes } = sameTiming(subjects);

  const series = inputs.series ? await readSeries(one(inputs, 'series')) : null;
  const windows = await windowsOf(inputs.frames as Artifact | undefined, series);
  const shown = await movieShown(context, tr);
  const analysed = regions.flatMap((region, r): tables.AnalysedRegion[] => {
    const own = subjects.map(({ means }) => means[r]!);
    const mean = meanOverSubjects(own, params.standardise);
    noteLeftOut(region, subjects, mean?.used ?? own.map(() => false), note);
    if (!mean) return [];
    return [{ region, subjects: own, ...mean, peaks: peakTimes(mean.mean, { tr, ...shown }, windows, params) }];
  });

  const to = (name: string) => path.join(workDir, name);
  await writeTable(to('regions.tsv'), tables.regionColumns, analysed.map(tables.regionRow));
  await writeTable(
    to('series.tsv'),
    tables.seriesColumns(analysed, series),
    tables.seriesRows(analysed, series, { tr, ...shown }, volumes),
  );
  await writeTable(to('subjects.tsv'), tables.subjectColumns, tables.subjectRows(analysed, subjects));
  await writeTable(to('peaks.tsv'), tables.peakColumns, analysed.flatMap(tables.peakRows));
  await linkOrCopy(fileOf(selection, 'regions.nii.gz'), to('regions.nii.gz'));
  const { pictures, montages } = await drawn(analysed, series, context);
  await writeTable(to('pictures.tsv'), tables.pictureColumns, pictures.map(tables.pictureRow));
  notePeaks(analysed, windows, note);

  const roles = [
    ...['regions.tsv', 'series.tsv', 'subjects.tsv', 'peaks.tsv', 'pictures.tsv', 'regions.nii.gz'],
    ...new Set(pictures.map(({ file }) => file)),
    ...montages,
  ];
  const sources = [selection, inputs.series, inputs.weights].filter((source) => source !== undefined) as Artifact[];
  return {
    reversal: {
      files: filesAt(workDir, roles),
      meta: {
        tr: subjects.length > 0 ? tr : null,
        subjects: subjects.length,
        signal: inputs.fits ? 'residualised' : 'as it is',
        delay: params.delay,
        drop: inputs.fits && !inputs.shown ? null : params.drop,
        ...(inputs.shown && { start: shown.start }),
        standardise: params.standardise,
        prominence: params.prominence,
        height: params.height ?? null,
        distance: params.distance,
        ...untrainedOf(...sources.map(({ meta }) => meta)),
      },
    },
  };
}

async function subjectSeries(
  regions: readonly RegionOfKernels[],
  grid: Grid,
  { inputs, params, signal, progress }: StepContext<ReverseParams>,
): Promise<SubjectSeries[]> {
  if ((inputs.bold === undefined) === (inputs.fits === undefined)) {
    throw new UserError({
      message: inputs.bold ? 'both bold and fits are wired' : 'neither bold nor fits are wired',
      expected: '`bold` for the signal as it is, or `fits` for the signal without the nuisance columns, under `in`',
    });
  }
  const images = many(inputs, inputs.bold ? 'bold' : 'fits');
  const subjects: SubjectSeries[] = [];
  for (const image of images) {
    signal.throwIfAborted();
    subjects.push(
      inputs.bold
        ? await seriesOfBold(image, regions, grid, params.drop, signal)
        : await seriesOfFit(image, regions, grid),
    );
    progress(subjects.length, images.length, 'subjects');
  }
  return subjects;
}

/** One repetition time and one number of volumes for all; UserError naming both of the first two that differ. */
function sameTiming(subjects: readonly SubjectSeries[]): { tr: number; volumes: number } {
  const [first, ...others] = subjects;
  if (!first) return { tr: 0, volumes: 0 };
  const odd = others.find(({ tr, volumes }) => volumes !== first.volumes || !sameTr(tr, first.tr));
  if (odd) {
    throw new UserError({
      message: `${first.subject} has ${first.volumes} volumes of ${first.tr} s, ${odd.subject} has ${odd.volumes} of ${odd.tr} s`,
      expected: 'the same volumes for all subjects, since their series are averaged',
      hint: 'Leave out the odd ones, or cut all images to the same length.',
    });
  }
  return first;
}

async function windowsOf(frames: Artifact | undefined, series: SeriesData | null): Promise<Window[]> {
  if (frames) return readFrameTable(fileOf(frames, 'frames.tsv'));
  if (!series) return [];
  const { interval } = series;
  return Array.from({ length: series.samples }, (_, n) => ({ onset: n * interval, duration: interval }));
}

async function drawn(
  analysed: readonly tables.AnalysedRegion[],
  series: SeriesData | null,
  context: StepContext<ReverseParams>,
) {
  const { inputs, params, note } = context;
  if (!inputs.frames) {
    note('no frames are wired: series and peaks only, no pictures');
    return { pictures: [], montages: [] };
  }
  const regions = analysed.map(({ region, peaks }): RegionPeaks => {
    return { name: region.name, kernels: mostSelective(region.kernels, params.kernels), peaks };
  });
  if (!inputs.weights) note('no weights are wired: frames, but no feature maps');
  else if (!regions.some(({ kernels }) => kernels.some(isNetworkKernel))) {
    note('the selected kernels are series of your own: frames, but no feature maps');
  }
  const weights = inputs.weights as Artifact | undefined;
  const pictures = await drawPictures(regions, one(inputs, 'frames'), weights, series, context);
  const montages = await drawMontages(regions, pictures, weights?.meta.untrained === true, context);
  return { pictures, montages };
}

/** The `count` most selective kernels of each layer (0: all), in their own order. */
function mostSelective(kernels: readonly SelectedKernel[], count: number): SelectedKernel[] {
  if (count === 0) return [...kernels];
  const ranked = kernels.toSorted((a, b) => b.selectivity - a.selectivity);
  return kernels.filter((kernel) => ranked.filter(({ layer }) => layer === kernel.layer).indexOf(kernel) < count);
}

function noteLeftOut(
  region: RegionOfKernels,
  subjects: readonly SubjectSeries[],
  used: readonly boolean[],
  note: StepContext['note'],
): void {
  const missing = subjects.filter((_, n) => !used[n]).map(({ subject }) => subject);
  if (missing.length === 0) return;
  note(
    `${region.name}: no varying signal in ${missing.join(', ')}${missing.length === used.length ? '; left out' : ''}`,
  );
}

function notePeaks(
  analysed: readonly tables.AnalysedRegion[],
  windows: readonly Window[],
  note: StepContext['note'],
): void {
  const flat = analysed.filter(({ peaks }) => peaks.length === 0).map(({ region }) => region.name);
  if (flat.length > 0)
    note(`no peak passes the rule in ${flat.length} of ${analysed.length} regions: ${flat.slice(0, 5).join(', ')}`);
  if (windows.length === 0) return;
  const outside = analysed.flatMap(({ peaks }) => peaks).filter(({ frame }) => frame === null).length;
  if (outside > 0) note(`${outside} peaks lie before the first or after the last picture`);
}
