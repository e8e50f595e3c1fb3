import { counted, type MethodsFacts, type MethodsText } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { ControlsParams } from './index.js';

export function methods({ inputs }: MethodsFacts<ControlsParams>): MethodsText {
  const sets =
    (inputs.regressors?.length ?? 1) > 1
      ? `The regressors of ${counted(inputs.regressors!.length, 'set')}`
      : 'Regressors';
  const beside = inputs.confounds ? 'added to the confounds' : 'used as confounds';
  return cited(
    'subjects',
    `${sets} of features that the kernels shall explain something beyond were ${beside} of each run.`,
  );
}
