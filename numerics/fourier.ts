/** The discrete Fourier transform of a fixed power of two, without scaling: F[k] = sum_n f[n] exp(-2 pi i k n / N). */
export interface Fourier {
  /** In place, on the N values of `real` and `imaginary` from `first` on, `stride` apart. */
  transform(real: Float64Array, imaginary: Float64Array, first: number, stride: number): void;
}

/** Radix-2 (Cooley and Tukey 1965, Mathematics of Computation 19:297-301). */
export function fourier(length: number): Fourier {
  if (length < 1 || (length & (length - 1)) !== 0) throw new RangeError(`${length} is no power of two`);
  const [cosine, sine] = [Math.cos, Math.sin].map((of) =>
    Float64Array.from({ length: length / 2 }, (_, k) => of((-2 * Math.PI * k) / length)),
  ) as [Float64Array, Float64Array];
  const order = reversedBits(length);
  const [re, im] = [new Float64Array(length), new Float64Array(length)];
  return {
    transform(real, imaginary, first, stride) {
      // Gathered into a row of their own: steps through the columns of a picture would miss the cache every time.
      for (let i = 0; i < length; i++) {
        re[order[i]!] = real[first + i * stride]!;
        im[order[i]!] = imaginary[first + i * stride]!;
      }
      for (let half = 1; half < length; half *= 2) {
        const step = length / 2 / half;
        for (let block = 0; block < length; block += 2 * half) {
          for (let j = 0, k = 0; j < half; j++, k += step) {
            const [a, b] = [block + j, block + j + half];
            const [c, s] = [cosine[k]!, sine[k]!];
            const re2 = re[b]! * c - im[b]! * s;
            const im2 = re[b]! * s + im[b]! * c;
            re[b] = re[a]! - re2;
            im[b] = im[a]! - im2;
            re[a]! += re2;
            im[a]! += im2;
          }
        }
      }
      for (let i = 0; i < length; i++) {
        real[first + i * stride] = re[i]!;
        imaginary[first + i * stride] = im[i]!;
      }
    },
  };
}

function reversedBits(length: number): Uint32Array {
  const bits = Math.log2(length);
  return Uint32Array.from({ length }, (_, i) => {
    let out = 0;
    for (let bit = 0; bit < bits; bit++) if (i & (1 << bit)) out |= 1 << (bits - 1 - bit);
    return out;
  });
}
