import { type MethodsFacts, type MethodsText, range, sentences } from '../../engine/methods/text.js';
import { ffmpegWords } from '../decode/ffmpeg-words.js';
import { cited } from '../references.js';
import type { AudioParams } from './index.js';

export function methods({ params, outputs, tools }: MethodsFacts<AudioParams>): MethodsText {
  const interval = range(outputs.series, 'interval');
  return cited(
    'stimulus',
    sentences(
      `The envelope of the sound was its root mean square over all samples of all channels in windows${interval && ` of ${interval} s`}, read with ${ffmpegWords(tools)}.`,
      params.track > 1 && `Sound track ${params.track} was used.`,
    ),
  );
}
