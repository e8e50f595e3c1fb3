import type { Artifact } from './artifact.js';
import { fileOf } from './meta.js';
import { numericColumn, readTable, type Table, textColumn } from './table.js';

export interface ReversalPeak {
  /** From 1, in order of time. */
  readonly number: number;
  /** s */
  readonly time: number;
  /** `time` minus the delay, s. */
  readonly stimulusTime: number;
  readonly height: number;
}

export interface ReversalRegion {
  readonly name: string;
  /** Value of its voxels in `regions.nii.gz`. */
  readonly index: number;
  readonly voxels: number;
  readonly subjects: number;
  readonly kernels: readonly string[];
  readonly peaks: readonly ReversalPeak[];
}

/** One line of pictures.tsv. */
export interface ReversalPicture {
  readonly region: string;
  /** Number of the peak in its region, from 1. */
  readonly peak: number;
  /** From 0, as in frames.tsv. */
  readonly frame: number;
  /** null for the frame itself. */
  readonly kernel: string | null;
  readonly kind: 'frame' | 'map' | 'overlay';
  /** Role of the file, `pictures/frame-0013.png`. */
  readonly file: string;
  /** Largest activation of the map; null for frames. */
  readonly maximum: number | null;
}

export interface ReversalData {
  /** With their peaks, in the order of regions.tsv. */
  readonly regions: readonly ReversalRegion[];
  /** Per volume: `time`, `region:<name>`, `spread:<name>`, `kernel:<name>`. */
  readonly series: Table;
  /** None where the movie was not given. */
  readonly pictures: readonly ReversalPicture[];
}

export async function readReversal(artifact: Artifact): Promise<ReversalData> {
  return {
    regions: await readRegions(fileOf(artifact, 'regions.tsv'), fileOf(artifact, 'peaks.tsv')),
    series: await readTable(fileOf(artifact, 'series.tsv')),
    pictures: artifact.files['pictures.tsv'] ? await readPictures(artifact.files['pictures.tsv']) : [],
  };
}

async function readRegions(file: string, peaksFile: string): Promise<ReversalRegion[]> {
  const table = await readTable(file);
  const peaks = await readTable(peaksFile);
  const owner = textColumn(peaks, 'region', peaksFile);
  const ofPeak = (name: string) => numericColumn(peaks, name, peaksFile);
  const [number, time, stimulus, height] = [ofPeak('peak'), ofPeak('time'), ofPeak('stimulus_time'), ofPeak('height')];
  const column = (name: string) => numericColumn(table, name, file);
  const [index, voxels, subjects] = [column('index'), column('voxels'), column('subjects')];
  const kernels = textColumn(table, 'kernels', file);
  return textColumn(table, 'name', file).map((name, r) => ({
    name,
    index: index[r]!,
    voxels: voxels[r]!,
    subjects: subjects[r]!,
    kernels: kernels[r]!.split(',').filter((kernel) => kernel !== '' && kernel !== 'n/a'),
    peaks: owner.flatMap((region, p) =>
      region === name ? [{ number: number[p]!, time: time[p]!, stimulusTime: stimulus[p]!, height: height[p]! }] : [],
    ),
  }));
}

async function readPictures(file: string): Promise<ReversalPicture[]> {
  const table = await readTable(file);
  const text = (name: string) => textColumn(table, name, file);
  const number = (name: string) => numericColumn(table, name, file);
  const [region, kernel, kind, role] = [text('region'), text('kernel'), text('kind'), text('file')];
  const [peak, frame, maximum] = [number('peak'), number('frame'), number('maximum')];
  return region.map((name, r) => ({
    region: name,
    peak: peak[r]!,
    frame: frame[r]!,
    kernel: kernel[r] === 'n/a' ? null : kernel[r]!,
    kind: kind[r] as ReversalPicture['kind'],
    file: role[r]!,
    maximum: Number.isNaN(maximum[r]) ? null : maximum[r]!,
  }));
}
