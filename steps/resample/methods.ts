import type { MethodsFacts, MethodsText } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { ResampleParams } from './index.js';

export function methods({ params, count }: MethodsFacts<ResampleParams>): MethodsText {
  const { kind, interpolation = kind === 'mask' || kind === 'atlas' ? 'nearest' : 'linear' } = params;
  const how = interpolation === 'nearest' ? 'nearest-neighbour' : 'trilinear';
  const name = { mask: 'mask', atlas: 'atlas', image: 'image', bold: 'BOLD series' }[kind];
  const which =
    count > 1
      ? `The ${count} ${name === 'BOLD series' ? name : `${name}${name === 'atlas' ? 'es' : 's'}`} were`
      : `The ${name} was`;
  return cited('subjects', `${which} resampled to the voxel grid of a reference image with ${how} interpolation.`);
}
