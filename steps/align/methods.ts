import { eachSubject, type MethodsFacts, type MethodsText } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import type { AlignParams } from './index.js';

export function methods({ params, inputs, count, subjects }: MethodsFacts<AlignParams>): MethodsText {
  const where = inputs.events
    ? 'by the table of events of the scan [@gorgolewski2016]'
    : `${Math.abs(params.onset ?? 0)} s ${(params.onset ?? 0) < 0 ? 'before' : 'after'} its first volume began`;
  const whose = count > 1 ? `in the scan of ${eachSubject({ count, subjects })}` : 'in the scan';
  return cited('subjects', `The series were placed ${whose} ${where}.`);
}
