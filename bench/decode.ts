/**
 * A movie to one average picture per 2 s: `node dist/bench/decode.js`. Five minutes of 1280 x 720 at 24 frames a second (H.264, drawn with
 * grain by ffmpeg), through the step, in turn with the same ffmpeg writing the frames as rgb24 to /dev/null. Peak RSS is
 * that of our process and that of the ffmpeg that it starts, as the system accounts each; the latter on Linux only.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { createPool } from '../numerics/pool.js';
import { findFfmpeg } from '../steps/decode/ffmpeg.js';
import { decodeStep } from '../steps/decode/index.js';
import { inFreshProcess, measured, peakMB } from './measured.js';

const threads = os.availableParallelism();
const [seconds, rounds] = [300, 5];

interface Figures {
  readonly seconds: number;
  readonly peakMB: number;
  readonly ffmpegMB: number;
}

/** Highest resident memory that a process started by this one has had so far, MB; 0 when none runs. */
function peakOfChildrenMB(): number {
  try {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);
    const peaks = children.map((id) =>
      Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0),
    );
    return Math.max(0, ...peaks) / 1024;
  } catch {
    // It ended meanwhile.
    return 0;
  }
}

async function step(file: string): Promise<Figures> {
  const workDir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  const pool = createPool(1);
  const video = { type: 'video', digest: '', origin: file, files: { video: file }, meta: {} };
  let ffmpegMB = 0;
  const watch = setInterval(() => {
    ffmpegMB = Math.max(ffmpegMB, peakOfChildrenMB());
  }, 250);
  const taken = await measured(() =>
    decodeStep.run({
      params: { window: 2, start: 0, size: 'source', deinterlace: true, tolerate: false },
      inputs: { video },
      ...{ workDir, threads, pool, instance: 'decode', signal: new AbortController().signal },
      progress: () => {},
      note: () => {},
    }),
  );
  clearInterval(watch);
  await pool.close();
  await rm(workDir, { recursive: true });
  return { seconds: taken.seconds, peakMB: peakMB(), ffmpegMB };
}

/** Seconds of `ffmpeg` writing every frame as rgb24 raw video. */
async function plain(ffmpeg: string, file: string): Promise<number> {
  const frames = ['-map', '0:v:0', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-y', '/dev/null'];
  const { seconds } = await measured(
    () =>
      new Promise<void>((resolve, reject) => {
        const child = spawn(ffmpeg, ['-v', 'error', '-nostdin', '-i', file, ...frames], { stdio: 'inherit' });
        child.once('error', reject);
        child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg ended with ${code}`))));
      }),
  );
  return seconds;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function main(): Promise<void> {
  const ffmpeg = await findFfmpeg();
  console.log(`${os.cpus()[0]?.model}, ${threads} threads, Node ${process.version}, ffmpeg ${ffmpeg.version}\n`);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const file = path.join(dir, 'movie.mp4');
    const source = `testsrc2=s=1280x720:r=24:d=${seconds},noise=alls=12:allf=t`;
    const coding = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
    await execa(ffmpeg.path, ['-v', 'error', '-f', 'lavfi', '-i', source, ...coding, '-y', file]);
    const here = fileURLToPath(import.meta.url);
    const found: { readonly own: Figures; readonly plain: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const first = round % 2 === 0 ? await plain(ffmpeg.path, file) : undefined;
      const own = await inFreshProcess<Figures>(here, file);
      found.push({ own, plain: first ?? (await plain(ffmpeg.path, file)) });
    }
    const ratios = found.map(({ own, plain }) => own.seconds / plain);
    console.log(
      '| | s (median) | times ffmpeg (median; least to most) | peak RSS, MB | of its ffmpeg |\n|---|---|---|---|---|',
    );
    console.log(`| ffmpeg to /dev/null | ${median(found.map(({ plain }) => plain)).toFixed(2)} | 1.00 | | |`);
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    const [rss, child] = [
      Math.max(...found.map(({ own }) => own.peakMB)),
      Math.max(...found.map(({ own }) => own.ffmpegMB)),
    ];
    console.log(
      `| decode | ${median(found.map(({ own }) => own.seconds)).toFixed(2)} | ${median(ratios).toFixed(2)}; ${range} | ${rss.toFixed(0)} | ${child.toFixed(0)} |`,
    );
  } finally {
    await rm(dir, { recursive: true });
  }
}

if (process.argv[2] === '--child') console.log(JSON.stringify(await step(process.argv[3]!)));
else await main();
