import { counted, type MethodsFacts, type MethodsText } from '../../engine/methods/text.js';
import { cited } from '../references.js';

export function methods({ inputs }: MethodsFacts): MethodsText {
  const sets = counted(inputs.series?.length ?? 0, 'set');
  return cited('stimulus', `The time series of ${sets} were put side by side and analysed alike.`);
}
