import { timesTransposed } from '../products.js';
import { diagonalised, shifted } from './lag-one.js';

/** Kernels at a time: what is made of them stays below some ten megabytes. */
const kernelsPerPass = 512;

/**
 * What the residuals of AR(1) noise are expected to show of its rho. With `V` the correlations `rho^|t-s|`, `R` the
 * residual-former of a model and `S` the symmetric lag-1 shift, `sum r_t r_(t+1)` has the expectation `tr(RSRV) / 2`
 * and `sum r_t^2` has `tr(RV)` (after Worsley et al. 2002, NeuroImage 15:1-15, who take `V` to first order in rho;
 * here it is whole). The result is twice their ratio, `tr(RSRV) / tr(RV)`.
 *
 * A row `q` of an orthonormal basis takes `q'Vq` from `tr(RV)` and `(2 R S q - (q'Sq) q)'V q` from `tr(RSRV)`, with
 * the `R` before it, so the nuisance (rotated until `Z S Z'` is diagonal, which makes `R` the identity) and then a
 * kernel's regressor are taken out one after the other.
 */
export interface ExpectedLagOne {
  /** Of the model with the nuisance only [rho]. */
  readonly nuisanceOnly: Float64Array;
  /** Of the models with one regressor more [kernel, rho]. */
  readonly withKernel: Float64Array;
}

/** `nuisance` [rank, time] orthonormal; `regressors` [kernel, time] free of it; |rho| < 1. */
export async function expectedLagOne(
  {
    nuisance,
    rank,
    regressors,
    kernels,
    time,
  }: {
    nuisance: Float64Array;
    rank: number;
    regressors: Float64Array;
    kernels: number;
    time: number;
  },
  rho: Float64Array,
): Promise<ExpectedLagOne> {
  const values = rho.length;
  const forms = autoregressiveForms(time, rho);
  const { rows, eigenvalues } = diagonalised(nuisance, rank, time);
  const shiftedRows = shifted(rows, rank, time);
  const taken = shiftedRows.map((value, i) => 2 * value - eigenvalues[Math.floor(i / time)]! * rows[i]!);
  const ofNuisance = await forms(rows, taken, rank);
  const squares = new Float64Array(values).fill(time);
  const neighbours = rho.map((r) => 2 * (time - 1) * r);
  for (let p = 0; p < rank; p++) {
    for (let g = 0; g < values; g++) {
      squares[g]! -= ofNuisance.own[p * values + g]!;
      neighbours[g]! -= ofNuisance.cross[p * values + g]!;
    }
  }
  const withKernel = new Float64Array(kernels * values);
  for (let first = 0; first < kernels; first += kernelsPerPass) {
    const count = Math.min(kernelsPerPass, kernels - first);
    const units = unitRows(regressors.subarray(first * time, (first + count) * time), count, time);
    const ofKernels = await forms(units, await takenByKernels(units, count, shiftedRows, rows, rank, time), count);
    for (let i = 0; i < count * values; i++) {
      const g = i % values;
      withKernel[first * values + i] = (neighbours[g]! - ofKernels.cross[i]!) / (squares[g]! - ofKernels.own[i]!);
    }
  }
  return { nuisanceOnly: neighbours.map((value, g) => value / squares[g]!), withKernel };
}

/** `2 M S u - (u'Su) u` of rows `u` that are free of the nuisance. */
async function takenByKernels(
  units: Float64Array,
  count: number,
  shiftedNuisance: Float64Array,
  nuisance: Float64Array,
  rank: number,
  time: number,
): Promise<Float64Array> {
  const out = shifted(units, count, time);
  const lags = Float64Array.from({ length: count }, (_, k) => {
    let sum = 0;
    for (let t = k * time; t < (k + 1) * time; t++) sum += units[t]! * out[t]!;
    return sum;
  });
  const along = await timesTransposed(units, shiftedNuisance, { m: count, n: rank, k: time });
  const columns = new Float64Array(nuisance.length);
  for (let p = 0; p < rank; p++) for (let t = 0; t < time; t++) columns[t * rank + p] = nuisance[p * time + t]!;
  const explained = await timesTransposed(along, columns, { m: count, n: time, k: rank });
  for (let i = 0; i < out.length; i++) {
    out[i] = 2 * (out[i]! - explained[i]!) - lags[Math.floor(i / time)]! * units[i]!;
  }
  return out;
}

/** Rows of unit norm; what is 0 stays 0. */
function unitRows(rows: Float64Array, count: number, time: number): Float64Array {
  const out = new Float64Array(count * time);
  for (let k = 0; k < count; k++) {
    let squares = 0;
    for (let t = k * time; t < (k + 1) * time; t++) squares += rows[t]! * rows[t]!;
    if (squares > 0) for (let t = k * time; t < (k + 1) * time; t++) out[t] = rows[t]! / Math.sqrt(squares);
  }
  return out;
}

/**
 * A function for `a'V(rho) a` and `b'V(rho) a` of rows `a`, `b` [row, time], at all values of rho [row, rho]. With the
 * rows padded to 2T the sums over lags become sums over frequencies: `V` is diagonal there, with the spectrum
 * `1 + 2 sum_l rho^l cos(w l)`, l = 1 to T - 1.
 */
function autoregressiveForms(time: number, rho: Float64Array) {
  const frequencies = time + 1;
  const cosines = new Float64Array(frequencies * time);
  const sines = new Float64Array(frequencies * time);
  const spectra = new Float64Array(rho.length * frequencies);
  for (let f = 0; f < frequencies; f++) {
    for (let t = 0; t < time; t++) {
      // The angle is reduced while it is whole, so that it loses no digits.
      const angle = (Math.PI * ((f * t) % (2 * time))) / time;
      cosines[f * time + t] = Math.cos(angle);
      sines[f * time + t] = Math.sin(angle);
    }
    const weight = (f === 0 || f === time ? 1 : 2) / (2 * time);
    rho.forEach((r, g) => {
      spectra[g * frequencies + f] = weight * spectrum(r, (Math.PI * f) / time, time);
    });
  }
  const parts = async (rows: Float64Array, count: number) => {
    const size = { m: count, n: frequencies, k: time };
    return [await timesTransposed(rows, cosines, size), await timesTransposed(rows, sines, size)] as const;
  };
  return async (a: Float64Array, b: Float64Array, count: number) => {
    const [ac, as] = await parts(a, count);
    const [bc, bs] = await parts(b, count);
    const size = { m: count, n: rho.length, k: frequencies };
    const power = ac.map((value, i) => value * value + as[i]! * as[i]!);
    const crossPower = ac.map((value, i) => value * bc[i]! + as[i]! * bs[i]!);
    return {
      own: await timesTransposed(power, spectra, size),
      cross: await timesTransposed(crossPower, spectra, size),
    };
  };
}

/** `1 + 2 sum_(l=1)^(T-1) r^l cos(w l)`: with `z = r e^(iw)`, `2 Re((1 - z^T) / (1 - z)) - 1`. */
function spectrum(r: number, w: number, time: number): number {
  const power = r ** time;
  const [topReal, topImaginary] = [1 - power * Math.cos(w * time), -power * Math.sin(w * time)];
  const [real, imaginary] = [1 - r * Math.cos(w), -r * Math.sin(w)];
  return (2 * (topReal * real + topImaginary * imaginary)) / (real * real + imaginary * imaginary) - 1;
}
