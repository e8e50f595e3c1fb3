import { type Fourier, fourier } from '../fourier.js';
import { areaAverage } from './area-average.js';

export interface GaborSettings {
  /** Of the picture, pixels. */
  readonly width: number;
  readonly height: number;
  /** Cycles per picture height. */
  readonly frequencies: readonly number[];
  /** Of the stripes, degrees counter-clockwise from horizontal. */
  readonly orientations: readonly number[];
}

/** Where a filter passes anything, and how much of the power. */
interface Filter {
  readonly index: Uint32Array;
  readonly gain: Float64Array;
}

export interface GaborBank {
  /** Energy `[frequency x orientation]`, orientations of one frequency together, of a luminance picture `[y, x]`. */
  energies(luminance: Float64Array): Float64Array;
}

/** Share of each side over which the picture fades to its mean. */
const taper = 1 / 8;

/** Gains below this part of the largest are left out. */
const negligible = 1e-10;

/**
 * A bank of Gabor filters in quadrature. The energy of a filter is the mean over the picture of its squared magnitude, which
 * by Parseval's theorem is a weighted sum of the picture's power spectrum: the filter is the Gaussian
 * `exp(-|f - f0|^2 / (2 s^2))` around its frequency `f0` (a vector), with `s` for a bandwidth of one octave at half amplitude.
 *
 * The mean is taken out and the outer eighth of each side fades (Hann flanks), since a picture does not go on at its
 * other side. Energies are scaled so that a grating of amplitude A has at the filter of its own frequency and
 * orientation A^2 / 2, its variance: times 2 for the other half of the spectrum, over the mean square of the fading window, and
 * over the share of a line of the spectrum that the filter passes once this window has spread it. The picture is averaged to a grid of at least four points per
 * cycle of the highest frequency (eight where it has as many pixels), and what that takes from each frequency is given back.
 *
 * Sources: Gabor (1946), J IEE 93:429-457; Daugman (1985), J Opt Soc Am A 2:1160-1169; Adelson and Bergen (1985), J Opt Soc Am A 2:284-299.
 * Throws RangeError for frequencies that the picture cannot hold (`highestFrequency`).
 */
export function gaborBank(settings: GaborSettings): GaborBank {
  const { width, height, frequencies, orientations } = settings;
  const highest = Math.max(...frequencies);
  if (highest > highestFrequency(settings)) throw new RangeError(`${highest} cycles in ${width} x ${height} pixels`);
  const aspect = width / height;
  const [columns, rows] = [gridSize(width, highest * aspect), gridSize(height, highest)];
  const [across, down] = [fourier(columns), fourier(rows)];
  const window = outer(flanks(rows), flanks(columns));
  const square = window.reduce((sum, value) => sum + value * value, 0) / window.length;
  const ofWindow = powerSpectrum(window.slice(), columns, rows, across, down);
  const line = ofWindow.reduce((sum, value) => sum + value, 0);
  const scaleOf = (frequency: number) => {
    let passed = 0;
    forEachWave({ columns, rows, aspect }, 0, 0, (distance, at) => {
      passed += ofWindow[at]! * gainOf(distance, frequency);
    });
    return 2 / (window.length ** 2 * square * (passed / line));
  };
  const givenBack = { x: lossOfAverage(columns, width), y: lossOfAverage(rows, height) };
  const filters = frequencies.flatMap((frequency) => {
    const grid = { columns, rows, aspect, scale: scaleOf(frequency), ...givenBack };
    return orientations.map((orientation) => filterOf(frequency, orientation, grid));
  });
  return {
    energies(luminance) {
      const picture = areaAverage(luminance, width, height, columns, rows);
      const power = powerSpectrum(faded(picture, window), columns, rows, across, down);
      return Float64Array.from(filters, ({ index, gain }) => {
        let sum = 0;
        for (let i = 0; i < index.length; i++) sum += gain[i]! * power[index[i]!]!;
        return sum;
      });
    },
  };
}

/** The highest frequency, in cycles per picture height, that a picture of so many pixels can be asked for. */
export function highestFrequency({ width, height }: Pick<GaborSettings, 'width' | 'height'>): number {
  return Math.min(powerBelow(height) / 4, powerBelow(width) / 4 / (width / height));
}

/** Eight points per cycle, or as many as the picture has. */
function gridSize(pixels: number, cycles: number): number {
  return Math.min(powerBelow(pixels), 2 ** Math.ceil(Math.log2(8 * cycles)));
}

function powerBelow(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}

interface WaveGrid {
  readonly columns: number;
  readonly rows: number;
  readonly aspect: number;
}

interface FilterGrid extends WaveGrid {
  readonly scale: number;
  readonly x: (cycles: number) => number;
  readonly y: (cycles: number) => number;
}

function filterOf(frequency: number, orientation: number, grid: FilterGrid): Filter {
  const { scale, x, y } = grid;
  // Stripes at an angle vary across it; y points down in pictures.
  const angle = (orientation * Math.PI) / 180;
  const index: number[] = [];
  const gain: number[] = [];
  forEachWave(grid, -frequency * Math.sin(angle), -frequency * Math.cos(angle), (distance, at, kx, ky) => {
    const passed = gainOf(distance, frequency);
    if (passed < negligible) return;
    index.push(at);
    gain.push((passed * scale) / (x(kx) * y(ky)) ** 2);
  });
  return { index: Uint32Array.from(index), gain: Float64Array.from(gain) };
}

/** Every wave of the grid: its squared distance from a frequency (cycles per picture height), its place, and its cycles per side. */
function forEachWave(
  { columns, rows, aspect }: WaveGrid,
  fx: number,
  fy: number,
  use: (distance: number, at: number, kx: number, ky: number) => void,
): void {
  for (let row = 0; row < rows; row++) {
    const ky = row < rows / 2 ? row : row - rows;
    for (let column = 0; column < columns; column++) {
      const kx = column < columns / 2 ? column : column - columns;
      use((kx / aspect - fx) ** 2 + (ky - fy) ** 2, row * columns + column, kx, ky);
    }
  }
}

/** The part of the power that a filter passes; one octave at half amplitude reaches from 2/3 to 4/3 of its frequency. */
function gainOf(distance: number, frequency: number): number {
  const spread = frequency / 3 / Math.sqrt(2 * Math.LN2);
  // Squared, since it is the power.
  return Math.exp(-distance / spread ** 2);
}

/** What an average of `pixels / points` pixels leaves of the amplitude of a wave of so many cycles per side. */
function lossOfAverage(points: number, pixels: number): (cycles: number) => number {
  return (cycles) =>
    cycles === 0 || points === pixels
      ? 1
      : Math.sin((Math.PI * cycles) / points) / ((pixels / points) * Math.sin((Math.PI * cycles) / pixels));
}

function flanks(points: number): Float64Array {
  return Float64Array.from({ length: points }, (_, i) => {
    const fromEdge = (Math.min(i, points - 1 - i) + 0.5) / points;
    return fromEdge < taper ? (1 - Math.cos((Math.PI * fromEdge) / taper)) / 2 : 1;
  });
}

function outer(rows: Float64Array, columns: Float64Array): Float64Array {
  return Float64Array.from({ length: rows.length * columns.length }, (_, i) => {
    return rows[Math.floor(i / columns.length)]! * columns[i % columns.length]!;
  });
}

/** The picture less its (weighted) mean, times the window: nothing is left at frequency 0. */
function faded(picture: Float64Array, window: Float64Array): Float64Array {
  let [sum, weight] = [0, 0];
  for (let i = 0; i < picture.length; i++) {
    sum += picture[i]! * window[i]!;
    weight += window[i]!;
  }
  const mean = sum / weight;
  return picture.map((value, i) => (value - mean) * window[i]!);
}

function powerSpectrum(
  picture: Float64Array,
  columns: number,
  rows: number,
  across: Fourier,
  down: Fourier,
): Float64Array {
  const imaginary = new Float64Array(picture.length);
  for (let row = 0; row < rows; row++) across.transform(picture, imaginary, row * columns, 1);
  for (let column = 0; column < columns; column++) down.transform(picture, imaginary, column, columns);
  return picture.map((real, i) => real * real + imaginary[i]! * imaginary[i]!);
}
