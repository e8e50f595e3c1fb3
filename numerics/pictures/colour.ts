/** Weights of red, green and blue in the luminance (ITU-R BT.709, which sRGB shares). */
const weights = [0.2126, 0.7152, 0.0722] as const;

/** An 8-bit value of sRGB as linear light, 0 to 1 (IEC 61966-2-1). */
export function linearLight(value: number): number {
  const encoded = value / 255;
  return encoded <= 0.04045 ? encoded / 12.92 : ((encoded + 0.055) / 1.055) ** 2.4;
}

const [red, green, blue] = weights.map((weight) =>
  Float64Array.from({ length: 256 }, (_, value) => weight * linearLight(value)),
) as [Float64Array, Float64Array, Float64Array];

/** Relative luminance `[y, x]`, 0 (black) to 1 (white), of an sRGB picture `[y, x, rgb]`. */
export function luminanceOf(picture: Uint8Array): Float64Array {
  const out = new Float64Array(picture.length / 3);
  for (let i = 0, at = 0; i < out.length; i++, at += 3) {
    out[i] = red[picture[at]!]! + green[picture[at + 1]!]! + blue[picture[at + 2]!]!;
  }
  return out;
}

/** Mean over the pixels of the saturation of HSV, (max - min) / max, 0 to 1; 0 for black (Smith 1978). */
export function meanSaturation(picture: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < picture.length; at += 3) {
    const [r, g, b] = [picture[at]!, picture[at + 1]!, picture[at + 2]!];
    const most = r > g ? (r > b ? r : b) : g > b ? g : b;
    const least = r < g ? (r < b ? r : b) : g < b ? g : b;
    if (most > 0) sum += (most - least) / most;
  }
  return sum / (picture.length / 3);
}
