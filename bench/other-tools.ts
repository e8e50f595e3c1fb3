/**
 * Doing nothing, and doing one item more, in voxreel, Snakemake (Debian's package) and wireit (fetched from the npm registry
 * into a temporary folder, for this measurement only), on graphs of the same shape: chains of 11 steps over the items, one
 * step that joins them. `node dist/bench/other-tools.js [RUNS] [--full]`; the full form adds 1,000 items, which takes the
 * others many minutes.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const CHAIN = 11;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** A tool with a study whose results are all there. */
interface Prepared {
  readonly name: string;
  /** The command that finds nothing to do. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly cwd: string;
  /** What it says when it has nothing to do. */
  readonly nothing: RegExp;
  /** What it says when it has made one item and the step that joins all. */
  readonly oneItem: RegExp;
  addItem(item: number): Promise<void>;
}

async function main(repeats: number, full: boolean): Promise<void> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-others-'));
  try {
    const wireit = await installWireit(path.join(dir, 'tools'));
    console.log(
      `${os.cpus()[0]?.model}, ${os.availableParallelism()} cores, Node ${process.version}, ${repeats} runs in turn\n`,
    );
    console.log(
      '| items | instances | tool | no-op, s | times voxreel | one item more, s |\n|---|---|---|---|---|---|',
    );
    for (const count of full ? [1, 91, 1000] : [1, 91]) {
      const at = (name: string) => path.join(dir, `${name}-${count}`);
      const tools = [
        await voxreel(at('voxreel'), count),
        await snakemake(at('snakemake'), count),
        wireit === undefined ? undefined : await wireitStudy(at('wireit'), count, wireit),
      ].filter((tool) => tool !== undefined);
      const noop = await inTurn(tools, repeats, (tool) => timed(tool, tool.nothing));
      const more = await inTurn(tools, repeats, async (tool, run) => {
        await tool.addItem(count + 1 + run);
        return timed(tool, tool.oneItem);
      });
      const own = median(noop.get('voxreel')!);
      for (const { name } of tools) {
        const times = (median(noop.get(name)!) / own).toFixed(1);
        const cells = [count, count * CHAIN + 1, name, spread(noop.get(name)!), times, spread(more.get(name)!)];
        console.log(`| ${cells.join(' | ')} |`);
      }
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** In turn, so that what else the machine does hits all of them. */
async function inTurn(
  tools: readonly Prepared[],
  repeats: number,
  measure: (tool: Prepared, run: number) => Promise<number>,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const seconds = new Map(tools.map(({ name }) => [name, [] as number[]]));
  for (let run = 0; run < repeats; run++) {
    for (const tool of tools) seconds.get(tool.name)!.push(await measure(tool, run));
  }
  return seconds;
}

/** Median, fastest and slowest. */
function spread(seconds: readonly number[]): string {
  const [middle, least, most] = [median(seconds), Math.min(...seconds), Math.max(...seconds)].map((one) =>
    one.toFixed(2),
  );
  return `${middle} (${least} to ${most})`;
}

async function timed({ name, command: [program, ...args], cwd }: Prepared, expected: RegExp): Promise<number> {
  const began = performance.now();
  const { stdout, stderr } = await promisify(execFile)(program, args, { cwd, maxBuffer: 1 << 28 });
  const seconds = (performance.now() - began) / 1000;
  if (!expected.test(stdout + stderr)) {
    throw new Error(`${name} did something else:\n${stdout.slice(-500)}${stderr.slice(-500)}`);
  }
  return seconds;
}

async function voxreel(dir: string, count: number): Promise<Prepared> {
  const { writeStudy, addItem } = await import('./engine-study.js');
  const file = await writeStudy(dir, count * CHAIN + 1);
  const run = [path.join(import.meta.dirname, 'engine.js'), '--child', file];
  await promisify(execFile)(process.execPath, run);
  // Files younger than two seconds are hashed again; a study's files are older.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await promisify(execFile)(process.execPath, run);
  return {
    name: 'voxreel',
    command: [process.execPath, ...run],
    cwd: dir,
    nothing: /"ran":0/,
    oneItem: RegExp(`"ran":${CHAIN + 1}`),
    addItem: (item) => addItem(dir, item),
  };
}

const itemName = (item: number) => `sub-${String(item).padStart(4, '0')}`;

/**
 * The outputs are written by hand, each a little younger than what it is made from: letting Snakemake start thousands of
 * shells would take very long and tell the same. Without records of earlier runs it compares times only, its quickest way.
 */
async function snakemake(dir: string, count: number): Promise<Prepared | undefined> {
  if (spawnSync('snakemake', ['--version']).status !== 0) {
    console.warn('SKIPPED: snakemake is not installed (apt-get install snakemake)');
    return undefined;
  }
  const rules = Array.from({ length: CHAIN }, (_, index) => {
    const from = index === 0 ? 'items/{item}.txt' : `s${index}/{item}.txt`;
    return `rule s${index + 1}:\n    input: "${from}"\n    output: "s${index + 1}/{item}.txt"\n    shell: "cp {input} {output}"\n`;
  });
  const all = `rule all:\n    input: expand("s${CHAIN}/{item}.txt", item=ITEMS)\n    output: "all.txt"\n    shell: "cat {input} > {output}"\n`;
  const items = `ITEMS = sorted(glob_wildcards("items/{item}.txt").item)\n`;
  const start = Date.now() / 1000 - 1000;
  for (const [depth, folder] of ['items', ...Array.from({ length: CHAIN }, (_, index) => `s${index + 1}`)].entries()) {
    await mkdir(path.join(dir, folder), { recursive: true });
    for (let item = 1; item <= count; item++) {
      const file = path.join(dir, folder, `${itemName(item)}.txt`);
      await writeFile(file, `text ${item}`);
      await utimes(file, start + depth, start + depth);
    }
  }
  await writeFile(path.join(dir, 'all.txt'), '');
  await writeFile(path.join(dir, 'Snakefile'), [items, all, ...rules].join('\n'));
  const command = ['snakemake', '--cores', '2', '--nolock', 'all'] as const;
  return {
    name: 'snakemake',
    command: [...command],
    cwd: dir,
    nothing: /Nothing to be done/,
    oneItem: RegExp(`${CHAIN + 1} of ${CHAIN + 1} steps \\(100%\\) done`),
    addItem: (item) => writeFile(path.join(dir, 'items', `${itemName(item)}.txt`), `text ${item}`),
  };
}

/** The program, or undefined with a word where the registry cannot be reached. */
async function installWireit(dir: string): Promise<string | undefined> {
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, 'package.json'), '{"private":true}');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', 'wireit@0.14'], {
    cwd: dir,
    stdio: 'ignore',
  });
  if (status === 0) return path.join(dir, 'node_modules');
  console.warn('SKIPPED: wireit could not be fetched');
  return undefined;
}

/** One script per instance, as wireit has no fan-out. */
async function wireitStudy(dir: string, count: number, modules: string): Promise<Prepared> {
  for (const folder of ['items', ...Array.from({ length: CHAIN }, (_, index) => `s${index + 1}`)]) {
    await mkdir(path.join(dir, folder), { recursive: true });
  }
  const addItem = async (last: number, first = last) => {
    for (let item = first; item <= last; item++)
      await writeFile(path.join(dir, 'items', `${itemName(item)}.txt`), `text ${item}`);
    await writeFile(path.join(dir, 'package.json'), JSON.stringify(wireitScripts(last)));
  };
  await addItem(count, 1);
  await symlink(modules, path.join(dir, 'node_modules'));
  const command = ['npm', 'run', 'all'] as const;
  await promisify(execFile)(command[0], command.slice(1), { cwd: dir, maxBuffer: 1 << 28 });
  return {
    name: 'wireit',
    command: [...command],
    cwd: dir,
    nothing: /Ran 0 scripts and skipped/,
    oneItem: RegExp(`Ran ${CHAIN + 1} scripts`),
    addItem,
  };
}

function wireitScripts(count: number): object {
  const scripts: Record<string, string> = { all: 'wireit' };
  const wireit: Record<string, object> = {};
  for (let item = 1; item <= count; item++) {
    for (let step = 1; step <= CHAIN; step++) {
      const name = `s${step}-${item}`;
      scripts[name] = 'wireit';
      const from = step === 1 ? `items/${itemName(item)}.txt` : `s${step - 1}/${itemName(item)}.txt`;
      wireit[name] = {
        command: `cp ${from} s${step}/${itemName(item)}.txt`,
        dependencies: step === 1 ? [] : [`s${step - 1}-${item}`],
        files: step === 1 ? [from] : [],
        output: [`s${step}/${itemName(item)}.txt`],
      };
    }
  }
  wireit.all = {
    command: `cat s${CHAIN}/*.txt > all.txt`,
    dependencies: Array.from({ length: count }, (_, index) => `s${CHAIN}-${index + 1}`),
    files: [],
    output: ['all.txt'],
  };
  return { name: 'bench', private: true, scripts, wireit };
}

await main(Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 5), process.argv.includes('--full'));
