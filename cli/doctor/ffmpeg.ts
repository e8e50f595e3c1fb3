import { execa } from 'execa';
import { ffmpegOnPath, findFfmpeg } from '../../steps/decode/ffmpeg.js';
import { type Finding, finding } from './finding.js';
import { compareVersions } from './machine.js';

const OLDEST = '4.0';
const NEEDED_BY = 'The steps decode and audio need it.';

/** Finds ffmpeg as the step `decode` does, and lets it carry one picture from one pipe to another. */
export const checkFfmpeg = (): Promise<Finding> =>
  finding('ffmpeg', async () => {
    const { path: file } = await findFfmpeg();
    const { stdout } = await execa(file, ['-version'], { timeout: 10_000, reject: false });
    const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1];
    const facts = { path: file, version: version ?? null };
    if (version === undefined) {
      return { state: 'problem', found: `${file} does not run`, hint: `${NAME_ANOTHER} ${NEEDED_BY}`, facts };
    }
    const found = `${version}, ${file}`;
    // Builds from the source's own history are called N-12345 and are newer than any that is too old.
    if (/^\d/.test(version) && compareVersions(version, OLDEST) < 0) {
      return { state: 'problem', found: `${found} is too old`, hint: `${NAME_ANOTHER} ${NEEDED_BY}`, facts };
    }
    const fault = await faultOf(file);
    if (fault !== undefined) {
      return { state: 'problem', found: `${found} does not decode: ${fault}`, hint: NAME_ANOTHER, facts };
    }
    const passedOver = process.env.FFMPEG_PATH ? undefined : await ffmpegOnPath();
    if (passedOver !== undefined && passedOver !== file) {
      return {
        state: 'warning',
        found: `${found}; ${passedOver}, which PATH has, does not run`,
        hint: 'The embedded ffmpeg is used. Repair or remove the one of PATH, or name another in FFMPEG_PATH.',
        facts: { ...facts, broken: passedOver },
      };
    }
    return { state: 'ok', found, facts };
  });

const NAME_ANOTHER = `Install ffmpeg ${OLDEST} or later, name it in FFMPEG_PATH, or unset FFMPEG_PATH to use the embedded one.`;

/** One picture of 2 x 2 pixels in and out. */
async function faultOf(file: string): Promise<string | undefined> {
  const picture = Uint8Array.from({ length: 12 }, (_, i) => i * 20);
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24'];
  const args = ['-hide_banner', '-loglevel', 'error', ...raw, '-video_size', '2x2', '-i', 'pipe:0', ...raw, 'pipe:1'];
  const { stdout, stderr, exitCode, failed } = await execa(file, args, {
    input: picture,
    encoding: 'buffer',
    timeout: 20_000,
    reject: false,
  });
  if (failed)
    return (
      Buffer.from(stderr ?? [])
        .toString()
        .split('\n')[0] || `it ended with ${exitCode ?? 'a signal'}`
    );
  return Buffer.compare(stdout, picture) === 0 ? undefined : 'a picture comes out changed';
}
