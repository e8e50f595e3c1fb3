import { dispersionDerivative, type HrfModel, hrf, timeDerivative } from './hrf.js';

/** Which functions the response is a combination of. */
export type HrfBasis = 'canonical' | 'canonical+time' | 'canonical+time+dispersion' | 'fir';

/** One function of the basis on the micro grid. `canonical` comes first where there is one. */
export interface BasisFunction {
  /** `canonical`, `time`, `dispersion`, `delay3`. */
  readonly name: string;
  readonly response: Float64Array;
}

/** The canonical response, alone or with its derivatives, on micro bins of `dt` seconds. */
export function canonicalBasis(model: HrfModel, basis: Exclude<HrfBasis, 'fir'>, dt: number): BasisFunction[] {
  return [
    { name: 'canonical', response: hrf(model, dt) },
    ...(basis === 'canonical' ? [] : [{ name: 'time', response: timeDerivative(model, dt) }]),
    ...(basis === 'canonical+time+dispersion'
      ? [{ name: 'dispersion', response: dispersionDerivative(model, dt) }]
      : []),
  ];
}

/** Finite impulse response: the series as it was `delays` (in volumes) before. One function per delay. */
export function delayBasis(delays: readonly number[], oversampling: number): BasisFunction[] {
  return delays.map((delay) => {
    const response = new Float64Array(delay * oversampling + 1);
    response[delay * oversampling] = 1;
    return { name: `delay${delay}`, response };
  });
}

/**
 * Every column less its projection on those before it (Gram and Schmidt, no scaling), as SPM12's `spm_orth` and
 * nilearn's `orthogonalize`; the first stays as it is. Columns [column] of equal length; one that is a combination of
 * those before is left with rounding only.
 */
export function orthogonalised(columns: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const column of columns) {
    const rest = column.slice();
    // Twice, so that what is left is orthogonal to rounding where little is left.
    for (let pass = 0; pass < 2; pass++) {
      for (const before of done) {
        const norm = dot(before, before);
        if (norm === 0) continue;
        const share = dot(before, rest) / norm;
        for (let i = 0; i < rest.length; i++) rest[i]! -= share * before[i]!;
      }
    }
    done.push(rest);
  }
  return done;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
