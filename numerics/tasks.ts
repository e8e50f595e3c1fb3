/**
 * The functions that pool workers can run, by name. Each is loaded on first use. A task takes one payload of plain
 * data and typed arrays (what lies in shared memory is copied before native code gets it, see shared-memory.ts) and returns an object of plain data and typed arrays.
 */
export const tasks: Record<string, () => Promise<(payload: any) => unknown>> = {
  'vgg.synthetic': async () => (await import('./vgg/synthetic.js')).synthetic,
  'vgg.open': async () => (await import('./vgg/session.js')).open,
  'vgg.frame': async () => (await import('./vgg/session.js')).frame,
  'glm.residualise': async () => (await import('./glm/residualise-task.js')).run,
  'glm.interest': async () => (await import('./glm/interest-task.js')).run,
  'glm.rho': async () => (await import('./glm/rho-task.js')).run,
  'glm.spm-scatter': async () => (await import('./glm/spm-task.js')).scatter,
  'glm.spm-whitening': async () => (await import('./glm/spm-task.js')).whitening,
  'glm.spm-whiten': async () => (await import('./glm/spm-task.js')).whiten,
  'glm.spm-errors': async () => (await import('./glm/spm-task.js')).errors,
  'glm.maps': async () => (await import('./glm/maps-task.js')).run,
  'glm.joint': async () => (await import('./glm/joint-task.js')).run,
  'group.maps': async () => (await import('./glm/group-task.js')).run,
  'runs.maps': async () => (await import('./glm/group-task.js')).runFixedEffects,
  'smooth.volume': async () => (await import('./smooth-task.js')).run,
  'resample.volume': async () => (await import('./resample-task.js')).run,
  'candidates.block': async () => (await import('./candidates-task.js')).run,
  'clusters.block': async () => (await import('./clusters-block.js')).run,
  'smoothness.map': async () => (await import('./smoothness-task.js')).run,
  'residuals.block': async () => (await import('./residuals-task.js')).run,
  'surrogates.block': async () => (await import('./surrogates-task.js')).run,
  'permutation.block': async () => (await import('./permutation-task.js')).run,
  'pca.layer': async () => (await import('./pca-layer.js')).run,
  'feature.picture': async () => (await import('./feature-picture.js')).run,
  'pictures.features': async () => (await import('./pictures/features.js')).run,
  'png.rgb': async () => (await import('./png-picture.js')).run,
  'png.thumbnail': async () => (await import('./png-thumbnail.js')).run,
};
