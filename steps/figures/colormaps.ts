/**
 * Colour maps as look-up tables of 256 RGB triples. All are safe for the common forms of colour blindness: `viridis`
 * and `inferno` rise evenly in lightness, `heat` and `grey` rise too, `coolwarm` is told apart by blue against red and by
 * lightness from its middle. Use `coolwarm` for signed values, symmetric about 0; the others for values from 0 up.
 */
export type ColormapName = 'viridis' | 'inferno' | 'heat' | 'coolwarm' | 'grey';

/** Red, green, blue, each 0..255. */
export type Rgb = readonly [number, number, number];

const makers: Record<ColormapName, () => Uint8Array> = {
  viridis: () => decode(VIRIDIS),
  inferno: () => decode(INFERNO),
  heat: () => sample((x) => hot(0.15 + 0.75 * x)),
  coolwarm: () => sample(coolwarm),
  grey: () => sample((x) => [255 * x, 255 * x, 255 * x]),
};

const made = new Map<ColormapName, Uint8Array>();

/** The table of a colour map, [256, rgb], row 0 for the lowest value. Do not write to it. */
export function lut(name: ColormapName): Uint8Array {
  const table = made.get(name) ?? makers[name]();
  made.set(name, table);
  return table;
}

/** The row of a table for a value: `low` and below give row 0, `high` and above row 255, NaN row 0. */
export function lutIndex(value: number, low: number, high: number): number {
  const share = high > low ? (value - low) / (high - low) : 0;
  return Math.max(0, Math.min(255, Math.round(share * 255) || 0));
}

/** The colour of a value, see `lutIndex`. */
export function colorOf(table: Uint8Array, value: number, low: number, high: number): Rgb {
  const row = 3 * lutIndex(value, low, high);
  return [table[row]!, table[row + 1]!, table[row + 2]!];
}

function sample(formula: (x: number) => Rgb): Uint8Array {
  const table = new Uint8Array(768);
  for (let row = 0; row < 256; row++) table.set(formula(row / 255).map(Math.round), 3 * row);
  return table;
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

/**
 * Black, red, yellow, white: red is full at 0.365, green at 0.746 (the corners of MATLAB's and matplotlib's `hot`). `heat`
 * is its middle, dark red to light yellow: on a grey background black and white would pass for background.
 */
function hot(x: number): Rgb {
  const ramp = (from: number, to: number) => 255 * Math.max(0, Math.min(1, (x - from) / (to - from)));
  return [10.6 + (244.4 * ramp(0, 0.365079)) / 255, ramp(0.365079, 0.746032), ramp(0.746032, 1)];
}

/**
 * Blue, light grey, red. Straight lines in Msh space (polar CIELAB), with the hue turned on the way to the unsaturated
 * middle. Moreland (2009), Diverging color maps for scientific visualization, doi 10.1007/978-3-642-10520-3_9; its
 * end points (59, 76, 192) and (180, 4, 38).
 */
function coolwarm(x: number): Rgb {
  const [blue, red] = [rgbToMsh([59, 76, 192]), rgbToMsh([180, 4, 38])];
  const middle = Math.max(blue[0], red[0], 88);
  const end = x < 0.5 ? blue : red;
  const share = x < 0.5 ? 2 * x : 2 - 2 * x;
  const hue = adjustedHue(end, middle);
  return mshToRgb([end[0] + share * (middle - end[0]), end[1] * (1 - share), end[2] + share * (hue - end[2])]);
}

type Msh = readonly [magnitude: number, saturation: number, hue: number];

/** Hue that the unsaturated middle must pretend to have, so that the way to it looks even (section 3.3 of Moreland). */
function adjustedHue([magnitude, saturation, hue]: Msh, middle: number): number {
  if (magnitude >= middle) return hue;
  const spin = (saturation * Math.sqrt(middle ** 2 - magnitude ** 2)) / (magnitude * Math.sin(saturation));
  return hue > -Math.PI / 3 ? hue + spin : hue - spin;
}

// sRGB (IEC 61966-2-1) and CIELAB with reference white D65.
const TO_XYZ = [
  [0.4124, 0.3576, 0.1805],
  [0.2126, 0.7152, 0.0722],
  [0.0193, 0.1192, 0.9505],
] as const;
const TO_RGB = [
  [3.2406, -1.5372, -0.4986],
  [-0.9689, 1.8758, 0.0415],
  [0.0557, -0.204, 1.057],
] as const;
const WHITE = [0.9505, 1, 1.089] as const;

function rgbToMsh(rgb: Rgb): Msh {
  const linear = rgb.map((v) => (v / 255 > 0.04045 ? ((v / 255 + 0.055) / 1.055) ** 2.4 : v / 255 / 12.92));
  const [fx, fy, fz] = TO_XYZ.map((row, i) => {
    const t = (row[0] * linear[0]! + row[1] * linear[1]! + row[2] * linear[2]!) / WHITE[i]!;
    return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
  }) as [number, number, number];
  const [l, a, b] = [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
  const magnitude = Math.hypot(l, a, b);
  return [magnitude, Math.acos(l / magnitude), Math.atan2(b, a)];
}

function mshToRgb([magnitude, saturation, hue]: Msh): Rgb {
  const l = magnitude * Math.cos(saturation);
  const a = magnitude * Math.sin(saturation) * Math.cos(hue);
  const b = magnitude * Math.sin(saturation) * Math.sin(hue);
  const fy = (l + 16) / 116;
  const xyz = [fy + a / 500, fy, fy - b / 200].map(
    (f, i) => WHITE[i]! * (f ** 3 > 0.008856 ? f ** 3 : (f - 16 / 116) / 7.787),
  );
  return TO_RGB.map((row) => {
    const v = row[0] * xyz[0]! + row[1] * xyz[1]! + row[2] * xyz[2]!;
    const gamma = v > 0.0031308 ? 1.055 * v ** (1 / 2.4) - 0.055 : 12.92 * v;
    return 255 * Math.max(0, Math.min(1, gamma));
  }) as unknown as Rgb;
}

// viridis and inferno: the published tables (S. van der Walt, N. Smith; https://bids.github.io/colormap, CC0), 8 bit RGB.
const VIRIDIS =
  'RAFURAJWRQRXRQVZRgdaRghcRgpdRgteRw1gRw5hRxBjRxFkRxNlSBRnSBZoSBdpSBhqSBpsSBttSBxuSB1vSB9wSCBxSCFz' +
  'SCN0SCR1SCV2SCZ3SCh4SCl5Ryp6Ryx6Ry17Ry58Ry99RjB+RjJ+RjN/RjSARTWBRTeBRTiCRDmDRDqDRDuEQz2EQz6FQj+F' +
  'QkCGQkGGQUKHQUSHQEWIQEaIP0eIP0iJPkmJPkqJPkyKPU2KPU6KPE+KPFCLO1GLO1KLOlOLOlSMOVWMOVaMOFiMOFmMN1qM' +
  'N1uNNlyNNl2NNV6NNV+NNGCNNGGNM2KNM2ONMmSOMmWOMWaOMWeOMWiOMGmOMGqOL2uOL2yOLm2OLm6OLm+OLXCOLXGOLHGO' +
  'LHKOLHOOK3SOK3WOKnaOKneOKniOKXmOKXqOKXuOKHyOKH2OJ36OJ3+OJ4COJoGOJoKOJoKOJYOOJYSOJYWOJIaOJIeOI4iO' +
  'I4mOI4qNIouNIoyNIo2NIY6NIY+NIZCNIZGMIJKMIJKMIJOMH5SMH5WLH5aLH5eLH5iLH5mKH5qKHpuKHpyJHp2JH56JH5+I' +
  'H6CIH6GIH6GHH6KHIKOGIKSGIaWFIaaFIqeFIqiEI6mDJKqDJauCJayCJq2BJ62BKK6AKa9/KrB/LLF+LbJ9LrN8L7R8MbV7' +
  'MrZ6NLZ5Nbd5N7h4OLl3Orp2O7t1Pbx0P7xzQL1yQr5xRL9wRsBvSMFuSsFtTMJsTsNrUMRqUsVpVMVoVsZnWMdlWshkXMhj' +
  'XsliYMpgY8tfZcteZ8xcac1bbM1abs5YcM9Xc9BWddBUd9FTetFRfNJQf9NOgdNNhNRLhtVJidVIi9ZGjtZFkNdDk9dBldhA' +
  'mNg+m9k8ndk7oNo5oto3pds2qNs0qtwyrdwwsN0vst0ttd4ruN4put4ovd8mwN8lwt8jxeAhyOAgyuEfzeEd0OEc0uIb1eIa' +
  '2OIZ2uMZ3eMY3+MY4uQY5eQZ5+QZ6uUa7OUb7+Uc8eUd9OYe9uYg+OYh++cj/ecl';
const INFERNO =
  'AAAEAQAFAQEGAQEIAgEKAgIMAgIOAwIQBAMSBAMUBQQXBgQZBwUbCAUdCQYfCgciCwckDAgmDQgpDgkrEAktEQowEgoyFAs0' +
  'FQs3Fgs5GAw8GQw+GwxBHAxDHgxFHwxIIQxKIwxMJAxPJgxRKAtTKQtVKwtXLQtZLwpbMQpcMgpeNApfNglhOAliOQljOwlk' +
  'PQllPglmQApnQgpoRApoRQppRwtqSQtqSgxrTAxrTQ1sTw1sUQ5sUg5tVA9tVQ9tVxBuWRBuWhFuXBJuXRJuXxNuYRNuYhRu' +
  'ZBVuZRVuZxZuaRZuahdubBhubRhubxlucRluchpudBpudRtudxxteBxteh1tfB1tfR5tfx5sgB9sgiBshCBrhSFrhyFriCJq' +
  'iiJqjCNpjSNpjyRpkCVokiVokyZnlSZnlydmmCdmmihlmylknSlknypjoCpjoitioyxhpSxgpi1gqC5fqS5eqy9erTBdrjBc' +
  'sDFbsTJaszJatDNZtjRYtzVXuTVWujZVvDdUvThTvzlSwDpRwTpQwztPxDxOxj1Nxz5MyD9LykBKy0FJzEJIzkNHz0RG0EVF' +
  '0kZE00dD1EhC1UpB10s/2Ew+2U092k4821A73VE63lI431M34FU24VY14lc041kz5Fox5Vww5l0v514u6GAt6WEr6mMq62Qp' +
  '62Yo7Gcm7Wkl7mok72wj724h8G8g8XEf8XMd8nQc83Yb83gZ9HkY9XsX9X0V9n4U9oAT94IS94QQ+IUP+IcO+IkM+YsL+YwK' +
  '+Y4J+pAI+pIH+pQH+5YG+5cG+5kG+5sG+50H/J8H/KEI/KMJ/KUK/KYM/KgN/KoP/KwR/K4S/LAU/LIW/LQY+7Ya+7gd+7of' +
  '+7wh+74j+sAm+sIo+sQq+sYt+ccv+cky+cs1+M03+M8699E999NA9tVD9tdG9dlJ9dtM9N1P9N9T9OFW8+Na8+Vd8uZh8uhl' +
  '8upp8ext8e1x8e918fF58vJ98vSC8/WG8/aK9PiO9fmS9vqW+Pua+fyd+v2h/P+k';
