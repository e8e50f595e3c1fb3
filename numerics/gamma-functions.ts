/** Coefficients of the asymptotic series of log Gamma, B_2k / (2k (2k - 1)) (Abramowitz & Stegun 6.1.41). */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];

/** log Gamma(x) for x > 0, to rounding: the argument is raised above 10, where eight terms of Stirling's series suffice. */
export function logGamma(x: number): number {
  let shift = 1;
  let raised = x;
  while (raised < 10) shift *= raised++;
  const square = 1 / (raised * raised);
  let series = 0;
  for (let k = stirling.length - 1; k >= 0; k--) series = series * square + stirling[k]!;
  return (raised - 0.5) * Math.log(raised) - raised + 0.5 * Math.log(2 * Math.PI) + series / raised - Math.log(shift);
}

/**
 * log of the regularised incomplete beta function I_x(a, b), with `y = 1 - x` given apart so that neither end loses
 * digits. Does not underflow: I_x may be far below 1e-308. For 0 < x < 1; -Infinity at x = 0, 0 at x = 1.
 */
export function logIncompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return Number.NEGATIVE_INFINITY;
  if (y <= 0) return 0;
  const front = a * Math.log(x) + b * Math.log(y) + logGamma(a + b) - logGamma(a) - logGamma(b);
  // The fraction converges fast below the mean; above it the other tail is taken.
  if (x <= (a + 1) / (a + b + 2)) return front + Math.log(betaFraction(x, a, b) / a);
  return Math.log1p(-Math.exp(front + Math.log(betaFraction(y, b, a) / b)));
}

/** Continued fraction of the incomplete beta function by Lentz's method (Numerical Recipes 6.4; A&S 26.5.8). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const apart = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / apart(1 + even * d);
    c = apart(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / apart(1 + odd * d);
    c = apart(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 2e-16) break;
  }
  return fraction;
}
