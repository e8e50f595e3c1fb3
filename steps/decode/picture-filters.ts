import type { Hdr } from './probe.js';

/** Part of a picture, in pixels from its upper left corner. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** How a decoded frame becomes a picture of 8-bit RGB. */
export interface PictureOptions {
  /** Size of the picture in pixels. */
  readonly width: number;
  readonly height: number;
  /** From `probeVideo`: frames are mapped to standard dynamic range. */
  readonly hdr?: Hdr | null;
  /** Frames marked as two fields are deinterlaced; default: both fields are used as they are stored, line by line. */
  readonly deinterlace?: boolean;
  /** `part` of a picture that is `width` x `height` pixels as shown, before it is brought to its own size. */
  readonly crop?: { readonly part: Box; readonly width: number; readonly height: number };
}

/** BT.2408: diffuse white of high dynamic range, in cd/m²; becomes 68 % of the light of full white, grey level 217. */
const WHITE = 203;
/** What is shown as full white, in cd/m²: the brightest that most movies are graded for. */
const PEAK = 1000;

/**
 * Filters of ffmpeg: `fields` before time stamps are read, since deinterlacing changes their unit; `picture` after.
 * Unlike `format` alone, an explicit `scale` keeps the size when the stream changes its own in mid-movie.
 * A part is cut out of RGB, because formats with half the colour resolution can only be cut at even places.
 */
export function pictureFilters(options: PictureOptions): { fields: string[]; picture: string[] } {
  const { width, height, hdr, crop } = options;
  const toRgb = (w: number, h: number) => [`scale=${w}:${h}:flags=bicubic`, 'format=rgb24'];
  const cut = crop && [
    ...toRgb(crop.width, crop.height),
    `crop=${crop.part.width}:${crop.part.height}:${crop.part.left}:${crop.part.top}`,
  ];
  const resized = !crop || crop.part.width !== width || crop.part.height !== height;
  return {
    fields: options.deinterlace ? ['yadif=deint=interlaced'] : [],
    picture: [...(hdr ? toneMapping(hdr) : []), ...(cut ?? []), ...(resized ? toRgb(width, height) : [])],
  };
}

/**
 * To linear light relative to `WHITE`, primaries of BT.709, the Möbius curve of ffmpeg's `tonemap` (straight up to 0.3 of
 * white, then bent so that `PEAK` becomes 1), gamma 2.4 of BT.1886 (which zscale means by bt709). The peak is fixed, so that no metadata decides about grey levels.
 */
function toneMapping(hdr: Hdr): string[] {
  const transfer = hdr === 'pq' ? 'smpte2084' : 'arib-std-b67';
  return [
    `zscale=tin=${transfer}:min=bt2020nc:pin=bt2020:t=linear:npl=${WHITE}`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    `tonemap=tonemap=mobius:param=0.3:desat=0:peak=${PEAK / WHITE}`,
    'zscale=t=bt709:m=bt709:r=pc',
    'format=gbrp',
  ];
}
