/**
 * What the engine costs when there is nothing to do: `node dist/bench/engine.js [RUNS]`. Each figure is the median over
 * fresh processes, from the start of Node to its end, of loading, planning and running a study whose results are all in
 * the store. Also the first run of each study, and a bare start of Node for comparison.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = fileURLToPath(import.meta.url);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

interface Figures {
  readonly seconds: number;
  /** User and system time of the process: less shaken by what else the machine does. */
  readonly cpu: number;
  readonly rssMB: number;
  readonly ran: number;
  readonly cached: number;
}

async function once(file: string): Promise<Figures> {
  const began = performance.now();
  const { stdout } = await promisify(execFile)(process.execPath, [here, '--child', file]);
  return { ...JSON.parse(stdout), seconds: (performance.now() - began) / 1000 };
}

async function child(file: string): Promise<void> {
  const { loadWorkflow, run } = await import('../index.js');
  const { registry } = await import('./engine-study.js');
  const workflow = await loadWorkflow(file, { registry });
  const { ok, ran, cached } = await run(workflow, { registry });
  if (!ok) throw new Error('the run failed');
  const { user, system } = process.cpuUsage();
  process.stdout.write(
    JSON.stringify({ ran, cached, cpu: (user + system) / 1e6, rssMB: process.resourceUsage().maxRSS / 1024 }),
  );
}

async function main(repeats: number): Promise<void> {
  const bare = Array.from({ length: repeats }, () => {
    const began = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return (performance.now() - began) / 1000;
  });
  console.log(
    `${os.cpus()[0]?.model}, ${os.availableParallelism()} cores, Node ${process.version}, ${repeats} runs each`,
  );
  console.log(`bare start of Node: ${median(bare).toFixed(3)} s\n`);
  console.log(
    '| instances | first run, s | no-op, s (median) | fastest | slowest | CPU, s | peak RSS, MB |\n|---|---|---|---|---|---|---|',
  );
  const { writeStudy } = await import('./engine-study.js');
  for (const instances of [12, 1000, 10_000]) {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
    try {
      const file = await writeStudy(dir, instances);
      const first = await once(file);
      // Files younger than two seconds are hashed again; a study's files are older.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await once(file);
      const runs: Figures[] = [];
      for (let index = 0; index < repeats; index++) runs.push(await once(file));
      if (runs.some(({ ran }) => ran > 0)) throw new Error('something ran');
      const seconds = runs.map((one) => one.seconds);
      const row = [
        String(first.ran),
        first.seconds.toFixed(1),
        ...[median(seconds), Math.min(...seconds), Math.max(...seconds)].map((value) => value.toFixed(3)),
        median(runs.map((one) => one.cpu)).toFixed(3),
        median(runs.map((one) => one.rssMB)).toFixed(0),
      ];
      console.log(`| ${row.join(' | ')} |`);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
  await oneMore();
}

/** One item joins a thousand that are done: only its instances and the step that gathers all have anything to do. */
async function oneMore(): Promise<void> {
  const { writeStudy, addItem } = await import('./engine-study.js');
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    const file = await writeStudy(dir, 1 + 11 * 1000);
    const first = await once(file);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await once(file);
    const noop = await once(file);
    await addItem(dir, 1001);
    const { ran, cached, seconds, cpu } = await once(file);
    console.log(
      `\none item more than ${first.ran} instances had: ${ran} ran, ${cached} cached, ${seconds.toFixed(3)} s (CPU ${cpu.toFixed(3)}); a no-op before it ${noop.seconds.toFixed(3)} s`,
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--child') await child(process.argv[3]!);
else await main(Number(process.argv[2] ?? 7));
