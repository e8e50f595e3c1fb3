import type { StepType } from '../../engine/step-type.js';

export interface SmoothParams {
  readonly fwhm: number;
}

export const smoothStep: StepType<SmoothParams> = {
  name: 'smooth',
  version: 1,
  title: 'Gaussian smoothing in space',
  description: `Smooths every volume of a BOLD series with a Gaussian of the given width, as \`nilearn.image.smooth_img\` does
(to rounding of the float32 result): separable along the voxel axes, sigma = fwhm / (sqrt(8 ln 2) * voxel size), cut at
4 sigma, weights summing to 1, the image continued by reflection beyond its edges. The voxel size is that of each axis, so
voxels need not be cubes.

**Mask.** None is used: voxels at the edge of the brain take in what lies beyond it, as in SPM and nilearn. In images that
hold the whole head that is skull and air; in images that were set to 0 outside the brain it is 0, so the edge gets darker, the more the
wider the Gaussian. A mask for the model is wired to \`glm\`, which fits its voxels only. NaN and infinite values count as 0
(and are counted in a note), so a hole fills from its neighbours.

The result is float32 in the same grid with the same TR. \`fwhm: 0\` passes the image on unchanged.`,
  sources: ['nilearn 0.10.4, nilearn.image.smooth_img', 'scipy.ndimage.gaussian_filter1d'],
  inputs: { image: { type: 'bold', description: 'BOLD series to smooth.' } },
  outputs: { smoothed: { type: 'bold', description: 'The smoothed series, float32.' } },
  example: { name: 'smoothed', foreach: 'inputs.bold', in: { image: 'item.bold' }, with: { fwhm: 8 } },
  params: {
    type: 'object',
    properties: {
      fwhm: {
        type: 'number',
        minimum: 0,
        maximum: 100,
        default: 8,
        unit: 'mm',
        description: 'Full width at half maximum of the Gaussian. 0: no smoothing.',
      },
    },
  },
  needs: () => ({ memoryMB: 768 }),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};
