import {
  accumulateLoop,
  estimateEachLoop,
  estimateLoop,
  lagRatiosLoop,
  placeLoop,
  placeRatioLoop,
  type RowMemory,
  whitenLoop,
} from './rows.js';
import { smallestResidual } from './smallest-residual.js';
import { type VectorFunction, vectorCode } from './vector-code.js';

const ratio: VectorFunction['steps'] = [
  ['ratio', 'div', 'above', 'below'],
  ['defined', 'greater', 'below', 'zero'],
  ['known', 'select', 'ratio', 'nan', 'defined'],
];

/** From `product`, `norm` and `inverse`; NaN where the norm is not above 0. */
const effect: VectorFunction['steps'] = [
  ['value', 'mul', 'product', 'inverse'],
  ['usable', 'greater', 'norm', 'zero'],
  ['effect', 'select', 'value', 'nan', 'usable'],
];

/** The effect, and the residual sum of squares, held at what is told from rounding. */
const heldResidual: VectorFunction['steps'] = [
  ...effect,
  ['total', 'select', 'norm', 'nan', 'usable'],
  ['explained', 'mul', 'effect', 'product'],
  ['residual', 'sub', 'total', 'explained'],
  ['floor', 'mul', 'total', 'smallest'],
  ['held', 'larger', 'floor', 'residual'],
];

const effectAndError: VectorFunction['writes'] = [
  { type: 'float64', value: 'effect' },
  { type: 'float64', value: 'se' },
];

/** The functions of rows.ts, element by element. */
const functions = {
  effects: {
    reads: ['product', 'norm'],
    numbers: ['inverse'],
    steps: effect,
    writes: [{ type: 'float64', value: 'effect' }],
  },
  estimates: {
    reads: ['product', 'norm'],
    numbers: ['inverse', 'scale', 'smallest'],
    steps: [...heldResidual, ['variance', 'mul', 'held', 'scale'], ['se', 'sqrt', 'variance']],
    writes: effectAndError,
  },
  effectsEach: {
    reads: ['product', 'norm', 'inverse'],
    numbers: [],
    steps: effect,
    writes: [{ type: 'float64', value: 'effect' }],
  },
  estimatesEach: {
    reads: ['product', 'norm', 'inverse'],
    numbers: ['perDf', 'smallest'],
    steps: [
      ...heldResidual,
      ['scale', 'mul', 'inverse', 'perDf'],
      ['variance', 'mul', 'held', 'scale'],
      ['se', 'sqrt', 'variance'],
    ],
    writes: effectAndError,
  },
  lagRatios: {
    reads: ['product', 'lagged', 'norm', 'lag'],
    numbers: ['inverse', 'kernelLag'],
    steps: [
      ['slope', 'mul', 'product', 'inverse'],
      ['twice', 'add', 'lagged', 'lagged'],
      ['ofKernel', 'mul', 'slope', 'kernelLag'],
      ['rest', 'sub', 'twice', 'ofKernel'],
      ['taken', 'mul', 'slope', 'rest'],
      ['neighbours', 'sub', 'lag', 'taken'],
      ['explained', 'mul', 'slope', 'product'],
      ['squares', 'sub', 'norm', 'explained'],
      ['ratio', 'div', 'neighbours', 'squares'],
    ],
    writes: [{ type: 'float64', value: 'ratio' }],
  },
  whiten: {
    reads: ['product', 'lagged', 'rho', 'nuisance'],
    numbers: [],
    steps: [
      ['scaled', 'mul', 'rho', 'product'],
      ['shift', 'sub', 'scaled', 'lagged'],
      ['change', 'mul', 'rho', 'shift'],
      ['whole', 'add', 'product', 'change'],
      ['free', 'sub', 'whole', 'nuisance'],
    ],
    writes: [{ type: 'float64', value: 'free' }],
  },
  accumulate: {
    reads: ['value', 'mean', 'squares'],
    numbers: ['share'],
    steps: [
      ['change', 'sub', 'value', 'mean'],
      ['part', 'mul', 'change', 'share'],
      ['newMean', 'add', 'mean', 'part'],
      ['left', 'sub', 'value', 'newMean'],
      ['deviation', 'mul', 'change', 'left'],
      ['newSquares', 'add', 'squares', 'deviation'],
    ],
    writes: [
      { type: 'float64', value: 'newMean' },
      { type: 'float64', value: 'newSquares' },
    ],
  },
  ratios: { reads: ['above', 'below'], numbers: [], steps: ratio, writes: [{ type: 'float32', value: 'known' }] },
  all: {
    reads: ['above', 'below'],
    numbers: [],
    steps: ratio,
    writes: ['above', 'below', 'known'].map((value) => ({ type: 'float32' as const, value })),
  },
  rounded: { reads: ['value'], numbers: [], steps: [], writes: [{ type: 'float32', value: 'value' }] },
} satisfies Record<string, VectorFunction>;

const withCode = vectorCode(functions);

/** Bytes that an array takes of a `rowMemory`. */
export const rowBytes = (length: number, bytesPerElement: number) => Math.ceil((length * bytesPerElement) / 64) * 64;

/**
 * Memory with vector code for its arrays, and for no others: all arrays of a call must come from it. ONNX Runtime reads and
 * writes them like any other array; between threads they can be copied only.
 */
export function rowMemory(bytes: number): RowMemory {
  const { buffer, code } = withCode(bytes);
  let used = 0;
  const take = (length: number, bytesPerElement: number) => {
    const at = used;
    if (at + rowBytes(length, bytesPerElement) > buffer.byteLength) throw new RangeError('the row memory is used up');
    used += rowBytes(length, bytesPerElement);
    return at;
  };
  return {
    float64: (length) => new Float64Array(buffer, take(length, 8), length),
    float32: (length) => new Float32Array(buffer, take(length, 4), length),
    mark: () => used,
    release(mark) {
      used = mark;
    },
    // The vector code takes two at a time; what may remain is left to the loop.
    estimate(products, at, norms, inverse, scale, effect, se) {
      const pairs = effect.length & ~1;
      const from = products.byteOffset + 8 * at;
      if (pairs > 0 && se.length === 0) code.effects(from, norms.byteOffset, effect.byteOffset, pairs, inverse);
      if (pairs > 0 && se.length > 0) {
        const { byteOffset } = effect;
        code.estimates(from, norms.byteOffset, byteOffset, se.byteOffset, pairs, inverse, scale, smallestResidual);
      }
      estimateLoop(products, at, norms, inverse, scale, effect, se, pairs);
    },
    estimateEach(products, at, norms, inverses, perDf, effect, se) {
      const pairs = effect.length & ~1;
      const [from, norm, inverse] = [products.byteOffset + 8 * at, norms.byteOffset, inverses.byteOffset];
      const { byteOffset } = effect;
      if (pairs > 0 && se.length === 0) code.effectsEach(from, norm, inverse, byteOffset, pairs);
      if (pairs > 0 && se.length > 0) {
        code.estimatesEach(from, norm, inverse, byteOffset, se.byteOffset, pairs, perDf, smallestResidual);
      }
      estimateEachLoop(products, at, norms, inverses, perDf, effect, se, pairs);
    },
    lagRatios(plain, lagged, at, norms, lags, inverse, kernelLag, out) {
      const pairs = out.length & ~1;
      const [from, fromLagged] = [plain.byteOffset + 8 * at, lagged.byteOffset + 8 * at];
      const { byteOffset } = out;
      if (pairs > 0) {
        code.lagRatios(from, fromLagged, norms.byteOffset, lags.byteOffset, byteOffset, pairs, inverse, kernelLag);
      }
      lagRatiosLoop(plain, lagged, at, norms, lags, inverse, kernelLag, out, pairs);
    },
    whiten(plain, lagged, at, rho, nuisance, out) {
      const pairs = out.length & ~1;
      const [from, fromLagged] = [plain.byteOffset + 8 * at, lagged.byteOffset + 8 * at];
      if (pairs > 0) code.whiten(from, fromLagged, rho.byteOffset, nuisance.byteOffset, out.byteOffset, pairs);
      whitenLoop(plain, lagged, at, rho, nuisance, out, pairs);
    },
    accumulate(values, share, mean, squares, at) {
      const pairs = values.length & ~1;
      const [to, toSquares] = [mean.byteOffset + 8 * at, squares.byteOffset + 8 * at];
      if (pairs > 0) code.accumulate(values.byteOffset, to, toSquares, to, toSquares, pairs, share);
      accumulateLoop(values, share, mean, squares, at, pairs);
    },
    place(values, out, at) {
      const pairs = out instanceof Float32Array ? values.length & ~1 : 0;
      if (pairs > 0) code.rounded(values.byteOffset, out.byteOffset + 4 * at, pairs);
      placeLoop(values, out, at, pairs);
    },
    placeAll(effect, se, outEffect, outSe, outRatio, at) {
      const pairs = effect.length & ~1;
      const [first, second, third] = [outEffect.byteOffset, outSe.byteOffset, outRatio.byteOffset];
      const by = 4 * at;
      if (pairs > 0) code.all(effect.byteOffset, se.byteOffset, first + by, second + by, third + by, pairs);
      placeLoop(effect, outEffect, at, pairs);
      placeLoop(se, outSe, at, pairs);
      placeRatioLoop(effect, se, outRatio, at, pairs);
    },
    placeRatio(above, below, out, at) {
      const pairs = out instanceof Float32Array ? above.length & ~1 : 0;
      if (pairs > 0) code.ratios(above.byteOffset, below.byteOffset, out.byteOffset + 4 * at, pairs);
      placeRatioLoop(above, below, out, at, pairs);
    },
  };
}

let idle: { readonly bytes: number; readonly memory: RowMemory } | undefined;

/** Lends a row memory to one task at a time; this thread keeps the last one, whose pages the system need not make again. */
export async function withRowMemory<R>(bytes: number, use: (memory: RowMemory) => Promise<R>): Promise<R> {
  const lent = idle && idle.bytes >= bytes ? idle : { bytes, memory: rowMemory(bytes) };
  idle = undefined;
  try {
    return await use(lent.memory);
  } finally {
    lent.memory.release(0);
    idle = lent;
  }
}
