/** The smallest residual sum of squares, as a share of the series' own, that is told from rounding. */
export const smallestResidual = 2 ** -52;
