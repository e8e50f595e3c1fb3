import { counted, type MethodsFacts, type MethodsText, range, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import { ffmpegWords } from './ffmpeg-words.js';
import type { DecodeParams } from './index.js';

export function methods({ params, count, outputs, tools }: MethodsFacts<DecodeParams>): MethodsText {
  const { window, start, duration, size, tolerate } = params;
  const movies = count > 1 ? `Each of the ${counted(count, 'movie')}` : 'The movie';
  const part = [
    ...(start > 0 ? [`from ${start} s on`] : []),
    ...(duration === undefined ? [] : [`for ${duration} s`]),
  ].join(' ');
  const [width, height] = [range(outputs.frames, 'width'), range(outputs.frames, 'height')];
  const pixels = width && height ? ` of ${width} x ${height} pixels` : '';
  const scaled = size === 'source' ? '' : ', to which it was scaled';
  return cited(
    'stimulus',
    sentences(
      `${movies} was decoded${part && `, ${part},`} with ${ffmpegWords(tools)}, and its frames were averaged in windows of ${window} s [@sohn2024], which gave one image${pixels} per window${scaled}.`,
      tolerate && 'Damaged parts of the file were passed over.',
    ),
  );
}
