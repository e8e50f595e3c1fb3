import { listOf, type MethodsFacts } from '../../engine/methods/text.js';

/** Which kernels a step of a few kernels took, in words that follow `of`. */
export function kernelWords(kernels: readonly string[] | undefined, inputs: MethodsFacts['inputs']): string {
  if (kernels) return kernels.includes('*') ? 'all kernels' : `the kernels ${listOf(kernels)}`;
  return inputs.selection ? 'the selected kernels' : 'all kernels';
}
