import { counted, type MethodsFacts, type MethodsText, range, sentences } from '../../engine/methods/text.js';
import { cited } from '../references.js';
import { ffmpegWords } from './ffmpeg-words.js';
import type { DecodeParams } from './index.js';

export function methods({ params, count, outputs, tools }: MethodsFacts<DecodeParams>): MethodsText {
  const { window, start, duration, size, fps, crop, deinterlace, tolerate } = params;
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
      fps !== undefined &&
        `What was shown at ${fps} evenly spaced moments per second was averaged, not every frame once.`,
      crop &&
        `A part of the picture of ${crop[2]} x ${crop[3]} pixels was used, ${crop[0]} from its left and ${crop[1]} from its upper edge.`,
      !deinterlace && 'Fields of interlaced frames were left as they are stored.',
      tolerate && 'Damaged parts of the file were passed over.',
    ),
  );
}
