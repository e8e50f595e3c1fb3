import type { StepType } from '../../engine/step-type.js';

export interface FiguresParams {
  readonly layers?: readonly string[];
  readonly plane: 'axial' | 'coronal' | 'sagittal';
  readonly slices: number;
  readonly positions?: readonly number[];
  readonly colormap: 'heat' | 'inferno' | 'viridis';
  readonly max?: number;
  readonly threshold?: number;
  readonly pictures: number;
  readonly width: number;
  readonly dpi: number;
}

export const figuresStep: StepType<FiguresParams> = {
  name: 'figures',
  version: 1,
  title: 'Figures 2 to 6 of the paper as PNG and SVG',
  description: `Draws what is wired to it; nothing is computed but what the drawing needs.

| wired | figures |
|---|---|
| \`description\` | \`figure-2_pca\`: variance explained by the first components of each layer; \`figure-2_layer-series\`: mean series of the layers (z); \`figure-2_layer-correlation\`: their correlations, the lowest framed |
| \`probability\` | \`figure-3_probability\`: slices of each layer's map; \`figure-4_difference\`: slices of the differences |
| \`reversal\` | \`figure-5_region-<name>\`, \`figure-6_…\`: for each region its place (with \`thresholded\` the map of its first kernel), its BOLD series, its kernels' series (z), and the pictures at its peaks with the kernels' feature maps. Regions with kernels of the first layer are figure 5, of the next figure 6, and so on |

- Slices are planes of voxels of the map itself: a map is never interpolated. They are shown in **neurological
  convention** (left is left, by the sign of the affine), labelled in mm. In an oblique image they are the planes nearest
  to the anatomical ones, labelled at their middle, and the figure says so.
- Without \`positions\` the slices are chosen where the maps are, the same for all maps of a figure.
- All maps of a figure share one colour bar, whose ends are its range. Voxels nearer to 0 than \`threshold\` are
  transparent; the hidden part of the colour bar is blank.
- Background: \`background\` if wired, else the mean BOLD over the \`fits\` (each divided by its median), else the mask.
  It is drawn darker than white, so that maps stand out, and only the background is interpolated.
- Colours can be told apart with any common form of colour blindness. Fonts come with the program: the same results give
  the same bytes on every machine. The unit of the SVG is the point, so font sizes are those of print.
- Whatever descends from synthetic weights is labelled "Untrained network" on the figure itself.`,
  sources: [
    'Sohn et al. (2024), Psychoradiology 4, kkae021: Figures 2 to 6',
    'viridis, inferno: S. van der Walt, N. Smith, bids.github.io/colormap; blue-red: Moreland (2009), doi 10.1007/978-3-642-10520-3_9',
    'line colours: M. Okabe, K. Ito (2008), Color Universal Design',
  ],
  inputs: {
    description: { type: 'description', optional: true, description: 'Components and correlation of the layers.' },
    probability: { type: 'maps', optional: true, description: 'Activation probability maps and their differences.' },
    reversal: { type: 'reversal', optional: true, description: 'Series, peaks and pictures of regions.' },
    thresholded: {
      type: 'thresholded',
      optional: true,
      description:
        'Thresholded maps: a region is then shown by the map of its first kernel, not as a patch of one colour.',
    },
    background: {
      type: 'image',
      optional: true,
      description:
        'What lies under the maps, in the same mm space; its grid may differ. Of a series, the mean is used.',
    },
    fits: {
      type: 'fit',
      list: true,
      optional: true,
      description: 'Fits whose mean BOLD is the background when none is wired.',
    },
  },
  outputs: { figures: { type: 'figures', description: 'Each figure as `<name>.png` and `<name>.svg`.' } },
  example: {
    name: 'figures',
    in: { description: 'steps.description', probability: 'steps.probability', reversal: 'steps.reverse' },
  },
  params: {
    type: 'object',
    properties: {
      layers: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        examples: [['conv1_1', 'conv5_3']],
        description: 'Layers to draw in Figures 2 and 3, in this order. Default: all there are.',
      },
      plane: { enum: ['axial', 'coronal', 'sagittal'], default: 'axial', description: 'Plane of the slices.' },
      slices: {
        type: 'integer',
        minimum: 1,
        maximum: 24,
        default: 8,
        description: 'Number of slices (fewer where the image has fewer). Not used with `positions`.',
      },
      positions: {
        type: 'array',
        items: { type: 'number' },
        minItems: 1,
        maxItems: 24,
        unit: 'mm',
        examples: [[-10, 0, 10, 20]],
        description:
          'Where to slice: z for axial, y for coronal, x for sagittal. The nearest slice is shown, with its own mm.',
      },
      colormap: {
        enum: ['heat', 'inferno', 'viridis'],
        default: 'heat',
        description:
          'Colours of the probability maps: `heat` is dark red to light yellow. Differences and correlations are always blue to red.',
      },
      max: {
        type: 'number',
        exclusiveMinimum: 0,
        examples: [0.5],
        description: 'Upper end of the colour bars of Figures 3 and 4. Default: the largest absolute value of each.',
      },
      threshold: {
        type: 'number',
        minimum: 0,
        examples: [0.05],
        description:
          'Smaller absolute values are transparent. Default: 5 % of the upper end of the colour bar. 0 itself is never drawn.',
      },
      pictures: {
        type: 'integer',
        minimum: 0,
        default: 6,
        description: 'Peaks of a region whose pictures are shown: the highest, in order of time.',
      },
      width: {
        type: 'number',
        minimum: 120,
        maximum: 400,
        default: 180,
        unit: 'mm',
        description: 'Width of the figures; text keeps its size. 180 mm is two columns of a journal.',
      },
      dpi: {
        type: 'number',
        minimum: 72,
        maximum: 1200,
        default: 300,
        unit: 'pixels per inch',
        description: 'Of the PNG.',
      },
    },
  },
  needs: () => ({ cores: 2, memoryMB: 600 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
