/**
 * A movie to one average picture per 2 s: `node dist/bench/decode.js [SECONDS] [ROUNDS]`. Five minutes of 1280 x 720 at 24 frames
 * a second (H.264, drawn with grain by ffmpeg), through the step, in turn with the same ffmpeg writing the frames as rgb24
 * to /dev/null. Peak RSS is that of our process and that of the ffmpeg that it starts, as the system
 * accounts each; CPU seconds are of both. What concerns ffmpeg is known on Linux only.
 */
import { existsSync, readFileSync } from 'node:fs';
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

interface Figures {
  readonly seconds: number;
  readonly cpu: number;
  readonly peakMB: number;
  readonly ffmpegMB: number;
}

/** CPU time of the processes that this one started and that have ended, s. */
function cpuOfChildren(): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  // In ticks, which Linux gives as hundredths of a second to programs: user and system time of children.
  return (Number(fields[13]) + Number(fields[14])) / 100;
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

async function watched(work: () => Promise<unknown>): Promise<Figures> {
  let ffmpegMB = 0;
  const watch = setInterval(() => {
    ffmpegMB = Math.max(ffmpegMB, peakOfChildrenMB());
  }, 250);
  const { seconds, cpu } = await measured(work);
  clearInterval(watch);
  return { seconds, cpu: cpu + cpuOfChildren(), peakMB: peakMB(), ffmpegMB };
}

async function step(file: string): Promise<Figures> {
  const workDir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  const pool = createPool(1);
  const video = { type: 'video', digest: '', origin: file, files: { video: file }, meta: {} };
  const figures = await watched(() =>
    decodeStep.run({
      params: { window: 2, start: 0, size: 'source', deinterlace: true, tolerate: false },
      inputs: { video },
      ...{ workDir, threads, pool, instance: 'decode', signal: new AbortController().signal },
      progress: () => {},
      note: () => {},
    }),
  );
  await pool.close();
  await rm(workDir, { recursive: true });
  return figures;
}

/** `ffmpeg` writing every frame as rgb24 raw video. */
async function plain(file: string): Promise<Figures> {
  const ffmpeg = await findFfmpeg();
  const input = [
    '-v',
    'error',
    '-nostdin',
    '-threads',
    String(threads),
    '-i',
    file,
    '-map',
    '0:V:0',
    '-an',
    '-sn',
    '-dn',
  ];
  return watched(() => execa(ffmpeg.path, [...input, '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-y', '/dev/null']));
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

function row(name: string, { seconds, cpu, peakMB, ffmpegMB }: Figures, against: Figures): string {
  const ratios = [seconds / against.seconds, cpu / against.cpu].map((ratio) => ratio.toFixed(2));
  const times = [seconds.toFixed(2), cpu.toFixed(2), ...ratios];
  return `| ${[name, ...times, peakMB.toFixed(0), ffmpegMB.toFixed(0)].join(' | ')} |`;
}

async function main(length: number, rounds: number): Promise<void> {
  const ffmpeg = await findFfmpeg();
  console.log(`${os.cpus()[0]?.model}, ${threads} threads, Node ${process.version}, ffmpeg ${ffmpeg.version}\n`);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const file = path.join(dir, 'movie.mp4');
    const source = `testsrc2=s=1280x720:r=24:d=${length},noise=alls=12:allf=t`;
    const coding = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'];
    await execa(ffmpeg.path, ['-v', 'error', '-f', 'lavfi', '-i', source, ...coding, '-y', file]);
    console.log(
      '| | s | CPU s | times ffmpeg | by CPU time | peak RSS, MB | of its ffmpeg |\n|---|---|---|---|---|---|---|',
    );
    const here = fileURLToPath(import.meta.url);
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? ['plain', 'step'] : ['step', 'plain'];
      const found: Record<string, Figures> = {};
      for (const what of order) found[what] = await inFreshProcess<Figures>(here, what, file);
      const [own, base] = [found.step!, found.plain!];
      console.log(`${row('ffmpeg to /dev/null', base, base)}\n${row('decode', own, base)}`);
      ratios.push(own.seconds / base.seconds);
    }
    const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
    console.log(`\nTimes ffmpeg: ${median(ratios).toFixed(2)} (median; ${range})`);
  } finally {
    await rm(dir, { recursive: true });
  }
}

const [flag, what, file] = process.argv.slice(2);
if (flag === '--child') console.log(JSON.stringify(await (what === 'step' ? step : plain)(file!)));
else await main(Number(flag ?? 300), Number(what ?? 3));
