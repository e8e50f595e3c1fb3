/** The program that read the movie, cited: `FFmpeg 5.1.9 [@ffmpeg]`. */
export function ffmpegWords({ ffmpeg }: Readonly<Record<string, string>>): string {
  return `FFmpeg${ffmpeg === undefined ? '' : ` ${ffmpeg}`} [@ffmpeg]`;
}
