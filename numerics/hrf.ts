import { logGamma } from './gamma-functions.js';

/** A canonical haemodynamic response: the difference of two gamma densities. */
export type HrfModel = 'spm' | 'glover' | 'nilearn-spm';

interface DoubleGamma {
  /** Time to peak and to undershoot, and their dispersions, in s. */
  readonly peak: number;
  readonly undershoot: number;
  readonly peakDispersion: number;
  readonly undershootDispersion: number;
  /** Height of the undershoot's density as a share of the peak's. */
  readonly ratio: number;
}

const shapes: Record<HrfModel, DoubleGamma> = {
  spm: { peak: 6, undershoot: 16, peakDispersion: 1, undershootDispersion: 1, ratio: 1 / 6 },
  'nilearn-spm': { peak: 6, undershoot: 16, peakDispersion: 1, undershootDispersion: 1, ratio: 0.167 },
  glover: { peak: 6, undershoot: 12, peakDispersion: 0.9, undershootDispersion: 0.9, ratio: 0.35 },
};

/** Length of the response in s. */
const length = 32;

/**
 * The response on a grid of micro bins of `dt` seconds, scaled to sum 1.
 *
 * - `spm`: SPM12's `spm_hrf` (delays 6 and 16 s, dispersions 1 s, ratio 1/6, length 32 s), evaluated at 0, dt, 2 dt, …
 *   to 32 s; its first value is 0.
 * - `glover`, `nilearn-spm`: `glover_hrf` and `spm_hrf` of nilearn 0.10 with an oversampling of TR/dt: round(32 / dt)
 *   points from 0 to 32 s, both included, so that the step is a little more than dt, and the densities are shifted by dt.
 *   nilearn's spm curve is therefore another curve than SPM's, different by up to 5 % of the peak.
 *
 * Sources: SPM12 spm_hrf.m, spm_Gpdf.m; nilearn.glm.first_level.hemodynamic_models 0.10.4; Glover (1999), NeuroImage 9:416-429.
 */
export function hrf(model: HrfModel, dt: number): Float64Array {
  return curve(model, dt, shapes[model], 0);
}

/**
 * Derivative of the response by its onset, a response that comes earlier: `(h(t) - h(t - d)) / d`, both scaled to sum
 * 1, with the difference d of the package: 1 s in SPM12 (spm_get_bf), 0.1 s in nilearn 0.10.
 */
export function timeDerivative(model: HrfModel, dt: number): Float64Array {
  const step = model === 'spm' ? 1 : 0.1;
  return difference(hrf(model, dt), curve(model, dt, shapes[model], step), step);
}

/**
 * Derivative of the response by the dispersion of its peak, a narrower response: the difference to a response whose
 * dispersion is 0.01 larger, over 0.01, both scaled to sum 1, as in SPM12 (spm_get_bf) and nilearn 0.10.
 *
 * `glover`: nilearn takes the difference between two curves whose undershoot has a dispersion of 1 s where `glover_hrf`
 * has 0.9 s; so does this.
 */
export function dispersionDerivative(model: HrfModel, dt: number): Float64Array {
  const step = 0.01;
  const shape = { ...shapes[model], undershootDispersion: 1 };
  const wider = { ...shape, peakDispersion: shape.peakDispersion + step };
  return difference(curve(model, dt, shape, 0), curve(model, dt, wider, 0), step);
}

function difference(first: Float64Array, second: Float64Array, step: number): Float64Array {
  return first.map((value, i) => (value - second[i]!) / step);
}

/** `onset` in s: how much later the response begins. */
function curve(model: HrfModel, dt: number, shape: DoubleGamma, onset: number): Float64Array {
  const times = model === 'spm' ? spmTimes(dt) : nilearnTimes(dt);
  const values = times.map((at) => {
    const time = at - onset;
    return (
      gammaDensity(time, shape.peak / shape.peakDispersion, shape.peakDispersion) -
      shape.ratio * gammaDensity(time, shape.undershoot / shape.undershootDispersion, shape.undershootDispersion)
    );
  });
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

function spmTimes(dt: number): Float64Array {
  return Float64Array.from({ length: Math.floor(length / dt + 1e-9) + 1 }, (_, i) => i * dt);
}

function nilearnTimes(dt: number): Float64Array {
  const points = roundHalfToEven(length / dt);
  return Float64Array.from({ length: points }, (_, i) => (i * length) / (points - 1) - dt);
}

/** As numpy.rint, which nilearn uses. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Gamma density with `shape` and `scale`; 0 at and before time 0 (shapes above 1). */
function gammaDensity(time: number, shape: number, scale: number): number {
  if (time <= 0) return 0;
  const x = time / scale;
  return Math.exp((shape - 1) * Math.log(x) - x - logGamma(shape)) / scale;
}
