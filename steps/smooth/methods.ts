import { allSubjects, type MethodsFacts, type MethodsText } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { SmoothParams } from './index.js';

export function methods({ params, count, subjects }: MethodsFacts<SmoothParams>): MethodsText {
  const images = `The BOLD images of ${allSubjects({ count, subjects })}`;
  if (params.fwhm === 0) return cited('subjects', `${images} were not smoothed.`);
  return cited('subjects', `${images} were smoothed with a Gaussian kernel of ${params.fwhm} mm FWHM.`);
}
