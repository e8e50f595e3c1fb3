import { logGamma, logIncompleteBeta } from './gamma-functions.js';

/*
 * Tails and quantiles of the normal, of Student's t and of the F distribution. Tails are computed as tails, not as one minus
 * something, and in logarithms where they may be below 1e-308: |t| = 40 with 200 degrees of freedom has a z like any other.
 * NaN gives NaN.
 */

/** P(Z > z). 0 beyond z = 38.6, where it is below the smallest double; use `logNormalTail` there. */
export function normalTail(z: number): number {
  return z < 0 ? 0.5 + normalCentre(-z) : z < switchAt ? 0.5 - normalCentre(z) : Math.exp(logNormalTail(z));
}

/** log P(Z > z), exact far out. */
export function logNormalTail(z: number): number {
  if (z < switchAt) return Math.log(normalTail(z));
  // Laplace's continued fraction of Mills' ratio (A&S 26.2.14), from its end: 1/(z + 1/(z + 2/(z + 3/(z + ...)))).
  let fraction = z;
  for (let n = Math.ceil(30 + 500 / (z * z)); n > 0; n--) fraction = z + n / fraction;
  return -0.5 * z * z - 0.5 * Math.log(2 * Math.PI) - Math.log(fraction);
}

/** From here on the continued fraction; below, the series still leaves all digits of 0.5 minus its value. */
const switchAt = 1.2;

/** P(0 < Z < z) for z >= 0, by a series of positive terms (A&S 26.2.11), which keeps all digits near 0. */
function normalCentre(z: number): number {
  if (z > 12) return 0.5;
  let term = z;
  let sum = z;
  for (let n = 3; term > sum * 1e-17; n += 2) {
    term *= (z * z) / n;
    sum += term;
  }
  return (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
}

/** The z with P(Z > z) = p. Infinity at p = 0, -Infinity at 1, NaN outside [0, 1]. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  return p > 0.5 ? -quantileOfLogTail(Math.log1p(-p)) : quantileOfLogTail(Math.log(p));
}

/** The z >= 0 whose log P(Z > z) is `logP` (at most log 0.5), by Newton's method on the log of the tail. */
function quantileOfLogTail(logP: number): number {
  if (logP === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (logP > Math.log(0.25)) return quantileOfCentre(-Math.expm1(logP + Math.LN2) / 2);
  // First guess: z^2 = -2 log p - log(2 pi z^2), good far out and harmless near.
  const far = -2 * logP;
  let z = Math.sqrt(far - Math.log(2 * Math.PI * Math.max(1, far - 2)) * 0.9);
  for (let i = 0; i < 50; i++) {
    const tail = logNormalTail(z);
    // d log tail / dz = -density / tail
    const step = (tail - logP) * Math.exp(tail + 0.5 * z * z + 0.5 * Math.log(2 * Math.PI));
    z += step;
    if (Math.abs(step) <= 2e-16 * z) break;
  }
  return z;
}

/** The z >= 0 with P(0 < Z < z) = `share`, for small shares: keeps all digits near 0. */
function quantileOfCentre(share: number): number {
  let z = share * Math.sqrt(2 * Math.PI);
  for (let i = 0; i < 50; i++) {
    const step = (share - normalCentre(z)) * Math.sqrt(2 * Math.PI) * Math.exp(0.5 * z * z);
    z += step;
    if (Math.abs(step) <= 2e-16 * z) break;
  }
  return z;
}

/** P(T > t) for `df` > 0 degrees of freedom (not only integers). */
export function tTail(t: number, df: number): number {
  return t < 0 ? 0.5 + tCentre(-t, df) : Math.exp(logTTail(t, df));
}

/** log P(T > t), exact far out, up to the largest t whose square is a double (1e154). */
export function logTTail(t: number, df: number): number {
  if (t < 0) return Math.log(tTail(t, df));
  if (t === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  const centre = t * t < df / 4 ? tCentre(t, df) : 0;
  // Near 0 the tail is 1/2 minus a small number, further out I_x(df/2, 1/2) / 2 with x = df / (df + t^2).
  if (centre > 0 && centre < 0.25) return Math.log1p(-2 * centre) - Math.LN2;
  const sum = df + t * t;
  return logIncompleteBeta(df / sum, (t * t) / sum, df / 2, 0.5) - Math.LN2;
}

/** P(0 < T < t) for t >= 0. */
function tCentre(t: number, df: number): number {
  const sum = df + t * t;
  return t === Number.POSITIVE_INFINITY ? 0.5 : Math.exp(logIncompleteBeta((t * t) / sum, df / sum, 0.5, df / 2)) / 2;
}

/** The t with P(T > t) = p. Infinity at p = 0, -Infinity at 1, NaN outside [0, 1]. */
export function tQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p > 0.5) return -tQuantile(1 - p, df);
  if (p === 0.5) return 0;
  if (p === 0) return Number.POSITIVE_INFINITY;
  const goal = Math.log(p);
  // log P(T > t) falls with t: doubling finds a bracket, then Newton, kept inside it.
  let low = 0;
  let high = 1;
  while (logTTail(high, df) > goal) {
    low = high;
    high *= 2;
  }
  const logDensity = (t: number) =>
    logGamma((df + 1) / 2) -
    logGamma(df / 2) -
    0.5 * Math.log(df * Math.PI) -
    ((df + 1) / 2) * Math.log1p((t * t) / df);
  let t = (low + high) / 2;
  for (let i = 0; i < 200; i++) {
    const tail = logTTail(t, df);
    if (tail > goal) low = t;
    else high = t;
    let next = t + (tail - goal) * Math.exp(tail - logDensity(t));
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - t) <= 2e-16 * next) return next;
    t = next;
  }
  return t;
}

/** The normal deviate with the same tail as t: P(Z > z) = P(T > t). Finite wherever t is. */
export function zOfT(t: number, df: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  const size = Math.abs(t);
  const centre = size * size < df / 4 ? tCentre(size, df) : 1;
  const z = centre < 0.25 ? quantileOfCentre(centre) : quantileOfLogTail(Math.min(logTTail(size, df), -Math.LN2));
  return t < 0 ? -z : z;
}

/** P(F > f) for `df1` and `df2` > 0 degrees of freedom. 1 for f <= 0. */
export function fTail(f: number, df1: number, df2: number): number {
  return Math.exp(logFTail(f, df1, df2));
}

/** log P(F > f), exact far out. */
export function logFTail(f: number, df1: number, df2: number): number {
  if (f <= 0) return 0;
  if (f === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  const sum = df2 + df1 * f;
  return logIncompleteBeta(df2 / sum, (df1 * f) / sum, df2 / 2, df1 / 2);
}

/** log P(F < f). */
function logFBelow(f: number, df1: number, df2: number): number {
  const sum = df2 + df1 * f;
  return logIncompleteBeta((df1 * f) / sum, df2 / sum, df1 / 2, df2 / 2);
}

/** The normal deviate with the same tail as f: P(Z > z) = P(F > f). -Infinity at f = 0, else finite wherever f is. */
export function zOfF(f: number, df1: number, df2: number): number {
  if (Number.isNaN(f)) return Number.NaN;
  const tail = logFTail(f, df1, df2);
  return tail <= -Math.LN2 ? quantileOfLogTail(tail) : -quantileOfLogTail(Math.min(logFBelow(f, df1, df2), -Math.LN2));
}

/** The F with P(F > f) = p. Infinity at p = 0, 0 at 1, NaN outside [0, 1]. */
export function fQuantile(p: number, df1: number, df2: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.POSITIVE_INFINITY;
  if (p === 1) return 0;
  // log P falls with log f, smoothly: bisection, whose steps end at neighbouring doubles.
  const goal = Math.log(p);
  let [low, high] = [-1, 1];
  while (logFTail(Math.exp(low), df1, df2) < goal) low *= 2;
  while (logFTail(Math.exp(high), df1, df2) > goal) high *= 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (logFTail(Math.exp(middle), df1, df2) > goal) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

/** The smallest p that is told from 0. */
export const smallestP = Number.MIN_VALUE;

/** P(T > t), held at the smallest double where it underflows: never 0 for a finite t. */
export function pOfT(t: number, df: number): number {
  return t < 0 ? tTail(t, df) : Math.max(Math.exp(logTTail(t, df)), smallestP);
}

/** P(F > f), held likewise. */
export function pOfF(f: number, df1: number, df2: number): number {
  return Math.max(fTail(f, df1, df2), smallestP);
}
