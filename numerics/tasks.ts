/**
 * The functions that pool workers can run, by name. Each is loaded on first use. A task takes one payload of plain
 * data and typed arrays (never backed by a SharedArrayBuffer) and returns an object of plain data and typed arrays.
 */
export const tasks: Record<string, () => Promise<(payload: any) => unknown>> = {
  'clusters.block': async () => (await import('./clusters-block.js')).run,
  'pca.layer': async () => (await import('./pca-layer.js')).run,
};
