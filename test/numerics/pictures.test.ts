import { describe, expect, test } from 'vitest';
import { fourier } from '../../numerics/fourier.js';
import { areaAverage } from '../../numerics/pictures/area-average.js';
import { linearLight, luminanceOf, meanSaturation } from '../../numerics/pictures/colour.js';
import { type PictureFeature, run } from '../../numerics/pictures/features.js';
import { gaborBank, highestFrequency } from '../../numerics/pictures/gabor.js';

const grey = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value, value, value]));

/** A picture of luminance [y, x], from positions in picture heights, y downwards from the top. */
function painted(width: number, height: number, at: (x: number, y: number) => number): Float64Array {
  return Float64Array.from({ length: width * height }, (_, i) =>
    at(((i % width) + 0.5) / height, (Math.floor(i / width) + 0.5) / height),
  );
}

/** Stripes of amplitude A at an angle from horizontal (counter-clockwise), cycles per picture height. */
const grating = (width: number, height: number, frequency: number, angle: number, amplitude: number, phase = 0.4) =>
  painted(width, height, (x, y) => {
    const radians = (angle * Math.PI) / 180;
    const across = -x * Math.sin(radians) - y * Math.cos(radians);
    return 0.5 + amplitude * Math.cos(2 * Math.PI * frequency * across + phase);
  });

describe('colour', () => {
  test('sRGB is linear light as the standard has it', () => {
    // IEC 61966-2-1, as published tables give it: 10 lies on the linear part, 188 is half the light of white.
    expect(linearLight(0)).toBe(0);
    expect(linearLight(10)).toBeCloseTo(10 / 255 / 12.92, 15);
    expect(linearLight(128)).toBeCloseTo(0.21586, 5);
    expect(linearLight(188)).toBeCloseTo(0.50289, 5);
    expect(linearLight(255)).toBe(1);
  });

  test('luminance weighs red, green and blue by BT.709', () => {
    const pure = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);
    const found = luminanceOf(pure);
    [0.2126, 0.7152, 0.0722, 1].forEach((due, i) => {
      expect(found[i]).toBeCloseTo(due, 12);
    });
  });

  test('saturation is that of HSV', () => {
    // Python's colorsys.rgb_to_hsv: 1, 0.6, 0 (grey), 0 (black).
    expect(meanSaturation(Uint8Array.from([9, 0, 0]))).toBe(1);
    expect(meanSaturation(Uint8Array.from([40, 100, 60]))).toBeCloseTo(0.6, 12);
    expect(meanSaturation(grey(77, 0))).toBe(0);
    expect(meanSaturation(Uint8Array.from([9, 0, 0, 40, 100, 60, 0, 0, 0, 5, 5, 5]))).toBeCloseTo(0.4, 12);
  });
});

describe('the Fourier transform', () => {
  test.each([1, 2, 8, 64])('of %i values is the sum that defines it', (length) => {
    const real = Float64Array.from({ length }, (_, i) => Math.sin(i * i) + 0.3);
    const imaginary = Float64Array.from({ length }, (_, i) => Math.cos(3 * i));
    const due = Array.from({ length }, (_, k) => {
      let [re, im] = [0, 0];
      for (let n = 0; n < length; n++) {
        const [c, s] = [Math.cos((-2 * Math.PI * k * n) / length), Math.sin((-2 * Math.PI * k * n) / length)];
        re += real[n]! * c - imaginary[n]! * s;
        im += real[n]! * s + imaginary[n]! * c;
      }
      return [re, im] as const;
    });
    // In an array of three columns, of which it is the middle one.
    const [a, b] = [new Float64Array(3 * length), new Float64Array(3 * length)];
    real.forEach((value, i) => {
      a[3 * i + 1] = value;
      b[3 * i + 1] = imaginary[i]!;
    });
    fourier(length).transform(a, b, 1, 3);
    due.forEach(([re, im], k) => {
      expect(Math.abs(a[3 * k + 1]! - re)).toBeLessThan(1e-12 * length);
      expect(Math.abs(b[3 * k + 1]! - im)).toBeLessThan(1e-12 * length);
    });
    expect(a[0]).toBe(0);
  });

  test('of another length is refused', () => {
    expect(() => fourier(12)).toThrow(RangeError);
  });
});

describe('averaging over areas', () => {
  test('takes pixels that two cells share by their part', () => {
    const picture = Float64Array.from([1, 2, 3, 4, 5, 6]);
    // 3 x 2 to 2 x 1: a cell is a pixel and a half wide and two high.
    const due = [(1 + 4 + 0.5 * (2 + 5)) / 3, (3 + 6 + 0.5 * (2 + 5)) / 3];
    areaAverage(picture, 3, 2, 2, 1).forEach((value, i) => {
      expect(value).toBeCloseTo(due[i]!, 12);
    });
    expect(areaAverage(picture, 3, 2, 3, 2)).toBe(picture);
  });
});

describe('a bank of Gabor filters', () => {
  test.each([
    [128, 128, 8, 0.05],
    [256, 128, 5, 0.11],
    [200, 100, 4, 0.11],
    [640, 360, 20, 0.03],
  ])('finds a grating in %i x %i pixels, %i cycles: A²/2 within %f', (width, height, frequency, tolerance) => {
    const settings = { width, height, frequencies: [frequency / 2, frequency, 2 * frequency] };
    const orientations = [0, 45, 90, 135];
    const bank = gaborBank({ ...settings, orientations });
    orientations.forEach((angle, n) => {
      const energies = bank.energies(grating(width, height, frequency, angle, 0.4));
      const own = energies[4 + n]!;
      // Stripes that do not fit the picture's size meet themselves out of phase at its other side, the less the more there are.
      expect(Math.abs(own / (0.4 ** 2 / 2) - 1)).toBeLessThan(tolerance);
      // Along an axis they fit.
      if (width === height && angle % 90 === 0) expect(Math.abs(own / (0.4 ** 2 / 2) - 1)).toBeLessThan(1e-3);
      energies.forEach((energy, i) => {
        if (i !== 4 + n) expect(energy).toBeLessThan(0.12 * own);
      });
    });
  });

  test('is what filters in the picture itself give: a sum over all pixels of Daugman’s function', () => {
    const size = 32;
    let seed = 1;
    const random = painted(size, size, () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    });
    const [frequency, angle] = [4, 30];
    const fade = (i: number) => {
      const edge = (Math.min(i, size - 1 - i) + 0.5) / size;
      return edge < 1 / 8 ? (1 - Math.cos(8 * Math.PI * edge)) / 2 : 1;
    };
    const window = painted(size, size, (x, y) => fade(Math.floor(x * size)) * fade(Math.floor(y * size)));
    const total = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);
    const mean = total(random.map((value, i) => value * window[i]!)) / total(window);
    const faded = random.map((value, i) => (value - mean) * window[i]!);
    // exp(-|f - f0|²/(2 s²)) is the transform of 2 pi s² exp(-2 pi² s² |x|²) exp(2 pi i f0 x), here on a picture that goes on.
    const spread = frequency / 3 / Math.sqrt(2 * Math.log(2));
    const radians = (angle * Math.PI) / 180;
    const filter = (frequency: number) => (x: number, y: number) => {
      let [re, im] = [0, 0];
      for (const i of [-1, 0, 1]) {
        for (const j of [-1, 0, 1]) {
          const [u, v] = [x + i, y + j];
          const envelope = 2 * Math.PI * spread ** 2 * Math.exp(-2 * Math.PI ** 2 * spread ** 2 * (u * u + v * v));
          const phase = 2 * Math.PI * frequency * (-u * Math.sin(radians) - v * Math.cos(radians));
          re += envelope * Math.cos(phase);
          im += envelope * Math.sin(phase);
        }
      }
      return [re, im] as const;
    };
    /** Mean squared magnitude of what a filter makes of a picture. */
    const energyOf = (picture: Float64Array, of: ReturnType<typeof filter>) => {
      const wave = Array.from({ length: size * size }, (_, i) => of((i % size) / size, Math.floor(i / size) / size));
      let energy = 0;
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          let [re, im] = [0, 0];
          for (let b = 0; b < size; b++) {
            for (let a = 0; a < size; a++) {
              const [c, s] = wave[((y - b + size) % size) * size + ((x - a + size) % size)]!;
              re += picture[b * size + a]! * c;
              im += picture[b * size + a]! * s;
            }
          }
          energy += (re * re + im * im) / size ** 6;
        }
      }
      return energy;
    };
    // The window itself, seen by the filter's envelope alone, is what the filter passes of a grating of its frequency.
    const due = (2 * energyOf(faded, filter(frequency))) / energyOf(window, filter(0));
    const bank = gaborBank({ width: size, height: size, frequencies: [frequency], orientations: [angle] });
    // Gains below 1e-10 of the largest are left out.
    expect(Math.abs(bank.energies(random)[0]! / due - 1)).toBeLessThan(1e-6);
  });

  test('sees no light and no dark, wherever the edges are', () => {
    const bank = gaborBank({ width: 64, height: 64, frequencies: [4], orientations: [0, 90] });
    for (const energy of bank.energies(painted(64, 64, () => 0.7))) expect(energy).toBeLessThan(1e-20);
  });

  test('needs four points per cycle on a grid of powers of two', () => {
    expect(highestFrequency({ width: 1280, height: 720 })).toBe(128);
    expect(highestFrequency({ width: 64, height: 256 })).toBe(64);
    expect(highestFrequency({ width: 96, height: 64 })).toBeCloseTo(64 / 4 / 1.5, 12);
    expect(() => gaborBank({ width: 64, height: 64, frequencies: [17], orientations: [0] })).toThrow(RangeError);
  });
});

describe('features of pictures', () => {
  const features: PictureFeature[] = ['luminance', 'contrast', 'saturation', 'motion'];
  const settings = { features, frequencies: [1], orientations: [0] };

  test('of plain greys have closed forms', () => {
    const [dark, light] = [linearLight(50), linearLight(200)];
    // Two pictures of two pixels: dark and light; both light.
    const pictures = Uint8Array.from([...grey(50, 200), ...grey(200, 200)]);
    const { values } = run({ ...settings, pictures, before: null, width: 2, height: 1 });
    const due = [(dark + light) / 2, (light - dark) / 2, 0, Number.NaN, light, 0, 0, (light - dark) ** 2 / 2];
    due.forEach((value, i) => {
      if (Number.isNaN(value)) expect(values[i]).toBeNaN();
      else expect(values[i]).toBeCloseTo(value, 12);
    });
  });

  test('a grating that moves by a phase has the motion energy 2 A² sin²(phase / 2)', () => {
    const [size, phase, amplitude] = [64, 0.7, 0.3];
    // Encoded to 8 bit, so the amplitude is right to half a grey level.
    const encode = (light: number) => {
      const value = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
      return Math.round(255 * value);
    };
    const picture = (shift: number) => grey(...[...grating(size, size, 4, 90, amplitude, shift)].map(encode));
    const payload = { ...settings, width: size, height: size, pictures: picture(phase), before: picture(0) };
    const { values } = run(payload);
    expect(values[3]! / (2 * amplitude ** 2 * Math.sin(phase / 2) ** 2)).toBeCloseTo(1, 1);
    expect(values[0]).toBeCloseTo(0.5, 2);
    expect(values[1]! / (amplitude / Math.SQRT2)).toBeCloseTo(1, 2);
  });

  test('do not depend on what pictures are sent together', () => {
    const pictures = Uint8Array.from({ length: 4 * 4 * 3 * 5 }, (_, i) => (i * 97 + (i >> 3) * 31) % 256);
    const size = 48;
    const all = run({ ...settings, pictures, before: null, width: 4, height: 4 }).values;
    const parts = [0, 1, 2, 3, 4].flatMap((n) => {
      const before = n === 0 ? null : pictures.slice((n - 1) * size, n * size);
      return [
        ...run({ ...settings, pictures: pictures.slice(n * size, (n + 1) * size), before, width: 4, height: 4 }).values,
      ];
    });
    expect(parts).toEqual([...all]);
  });
});
