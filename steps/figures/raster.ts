import { createRequire } from 'node:module';
import path from 'node:path';
import { type ResvgRenderOptions, renderAsync } from '@resvg/resvg-js';
import { encode } from 'fast-png';

const require = createRequire(import.meta.url);
const fonts = path.join(path.dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf');

export interface Raster {
  readonly width: number;
  readonly height: number;
  /** [y, x, rgba], top row first. */
  readonly data: Uint8Array;
}

/**
 * Draws an SVG whose unit is the point as a PNG of `dpi` pixels per inch. Only the fonts of the package are used, never
 * those of the machine, so that the same figure has the same bytes everywhere. Draws on a thread of its own.
 */
export async function svgToPng(svg: string, dpi: number): Promise<Buffer> {
  return (await renderAsync(svg, options(dpi))).asPng();
}

function options(dpi: number): ResvgRenderOptions {
  return {
    font: {
      loadSystemFonts: false,
      fontFiles: ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((file) => path.join(fonts, file)),
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
    // resvg's own unit is 1/96 inch and a pt is 4/3 of it.
    fitTo: { mode: 'zoom', value: dpi / 96 },
  };
}

/** A raster as a `data:` URI, for an `<image>` inside an SVG. */
export function pngUri(raster: Raster, channels: 3 | 4 = 4): string {
  const png = encode({ width: raster.width, height: raster.height, data: raster.data, channels, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
