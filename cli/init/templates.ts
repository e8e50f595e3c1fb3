/** The workflow files that `voxreel init` starts from, and what each is for. */
export const templates = {
  'sohn-2024': 'movie to probability maps and back to the pictures',
  'own-regressors': 'your own time series instead of a network',
  encoding: 'kernels beside luminance, motion and sound in one model',
  roi: 'from regions of an atlas back to the pictures',
} as const;

export type TemplateName = keyof typeof templates;
