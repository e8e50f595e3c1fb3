import type { Kernel } from '../../artifacts/kernels.js';
import { lineChart, lineColors } from '../figures/lines.js';
import { figurePage } from '../figures/page.js';

/** pt */
const [width, plotHeight] = [340, 150];

/** Power by frequency as a share of that of white noise, mean over the kernels with their range. An SVG file. */
export function drawSpectrum(
  spectra: readonly { readonly kernel: Kernel; readonly power: Float64Array; readonly expected: Float64Array }[],
  hertz: Float64Array,
  { caption, untrained }: { readonly caption: string; readonly untrained?: boolean },
): string {
  const ratios = spectra.map(({ power, expected }) => power.map((value, f) => value / expected[f]!));
  const over = (combine: (values: number[]) => number) =>
    Float64Array.from(hertz, (_, f) => {
      // Frequencies that the nuisance takes away have nothing to show.
      const known = ratios.flatMap((ratio, k) => (spectra[k]!.expected[f]! > 0.01 ? [ratio[f]!] : []));
      return known.length > 0 ? combine(known) : Number.NaN;
    });
  const mean = over((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  const [least, most] = [over((values) => Math.min(...values)), over((values) => Math.max(...values))];
  const x = hertz;
  const range = { x, color: lineColors[2], thickness: 0.5, dash: '2 2' };
  return figurePage({
    title: caption,
    drawing: lineChart({
      lines: [
        {
          name: spectra.length === 1 ? spectra[0]!.kernel.name : 'mean of the kernels',
          x,
          y: mean,
          color: lineColors[2],
        },
        ...(spectra.length > 1
          ? [
              { ...range, name: 'lowest', y: least },
              { ...range, name: 'highest', y: most },
            ]
          : []),
        { name: 'white noise', x, y: x.map(() => 1), color: lineColors[0], thickness: 0.6 },
      ],
      xTitle: 'Frequency (Hz)',
      yTitle: 'Power / white noise',
      width,
      plotHeight,
    }),
    notes: [
      'Above 1: more noise at this frequency than the noise model accounts for. Frequencies that the nuisance columns take away to more than 99 % are left out.',
    ],
    ...(untrained && { untrained }),
  });
}
