/**
 * What it saves to run the experiments of a study together: `node dist/bench/experiments.js [ROUNDS]`. A study of 8 simulated
 * subjects (the scans of the demo, 24 series in place of the network) with four experiments, from empty caches: all in
 * one run; one after the other with one cache; one after the other, each with a cache of its own. Every run is a fresh process.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoSize } from '../cli/demo/size.js';
import { writeScans } from '../cli/demo/study.js';
import { loadExperiments, loadWorkflow, run, runAll } from '../index.js';
import { inFreshProcess, type Measured, measured, peakMB } from './measured.js';

/** What each experiment shares with `default`: all but what follows the regressors, the smoothing, the test. */
const STUDY = `voxreel: 1
name: experiments
params: { hrf: spm, fwhm: 8, p: 0.001 }
inputs:
  series: { type: series, path: series.tsv, interval: 2 }
  bold: { type: bids, path: derivatives/fmriprep, task: film, space: MNI152NLin2009cAsym }
steps:
  regressors: { uses: hrf, in: { series: inputs.series }, with: { model: "\${params.hrf}", tr: 2 } }
  smoothed: { uses: smooth, foreach: inputs.bold, in: { image: item.bold }, with: { fwhm: "\${params.fwhm}" } }
  fit:
    uses: glm
    foreach: inputs.bold
    in: { bold: steps.smoothed, mask: item.mask, confounds: item.confounds, regressors: steps.regressors }
    with: { drop: 5, noise: ar1, high_pass: 128, confounds: friston24 }
  group: { uses: group, in: { fits: steps.fit } }
  significant: { uses: threshold, in: { maps: steps.group }, with: { p: "\${params.p}", min_extent: 10 } }
  probability: { uses: probability, in: { thresholded: steps.significant } }
outputs: { group: steps.group, significant: steps.significant, probability: steps.probability }
experiments:
  glover: { hrf: glover }
  unsmoothed: { fwhm: 0 }
  strict: { p: 0.0001 }
`;
const SERIES = 24;

interface Figures extends Measured {
  readonly ran: number;
  readonly peakMB: number;
}

async function child(file: string, cache: string, experiment: string): Promise<Figures> {
  let ran = 0;
  const time = await measured(async () => {
    const options = { cache };
    const result =
      experiment === 'all'
        ? await runAll(await loadExperiments(file), options)
        : await run(await loadWorkflow(file, { experiment }), options);
    if (!result.ok) throw new Error('the run failed');
    ran = result.ran;
  });
  return { ...time, ran, peakMB: peakMB() };
}

/** Wall time and CPU of runs one after the other; the peak of the largest. */
function total(runs: readonly Figures[]): Figures {
  const sum = (key: 'seconds' | 'cpu' | 'ran') => runs.reduce((all, one) => all + one[key], 0);
  return {
    seconds: sum('seconds'),
    cpu: sum('cpu'),
    ran: sum('ran'),
    peakMB: Math.max(...runs.map((one) => one.peakMB)),
  };
}

const EXPERIMENTS = ['default', 'glover', 'unsmoothed', 'strict'] as const;

async function round(dir: string): Promise<Record<string, Figures>> {
  const file = path.join(dir, 'study.yaml');
  const from = async (cache: string, names: readonly string[]) => {
    const runs: Figures[] = [];
    for (const name of names) runs.push(await inFreshProcess<Figures>(here, file, path.join(dir, cache), name));
    return runs;
  };
  const empty = async () => {
    for (const name of ['together', 'shared', ...EXPERIMENTS, 'results'])
      await rm(path.join(dir, name), { recursive: true, force: true });
  };
  await empty();
  const together = total(await from('together', ['all']));
  await empty();
  const shared = total(await from('shared', EXPERIMENTS));
  await empty();
  const apart: Figures[] = [];
  for (const name of EXPERIMENTS) apart.push(...(await from(name, [name])));
  return { together, 'one by one, one cache': shared, 'one by one, empty caches': total(apart) };
}

async function writeStudy(dir: string): Promise<void> {
  await writeScans(dir, demoSize, []);
  const rows = Array.from({ length: demoSize.windows }, (_, t) =>
    Array.from({ length: SERIES }, (_, s) => Math.sin((t * (s + 3)) / 11) + Math.cos(t * t * (s + 1))).join('\t'),
  );
  const head = Array.from({ length: SERIES }, (_, s) => `s${s + 1}`).join('\t');
  await writeFile(path.join(dir, 'series.tsv'), `${[head, ...rows].join('\n')}\n`);
  await writeFile(path.join(dir, 'study.yaml'), STUDY);
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function main(rounds: number): Promise<void> {
  console.log(
    `${os.cpus()[0]?.model}, ${os.availableParallelism()} cores, Node ${process.version}, ${rounds} rounds in turn\n`,
  );
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-bench-'));
  try {
    await writeStudy(dir);
    const all: Record<string, Figures>[] = [];
    for (let n = 0; n < rounds; n++) all.push(await round(dir));
    console.log(
      '| | steps run | s (median) | CPU, s | times together (median; least to most) | peak RSS, MB |\n|---|---|---|---|---|---|',
    );
    for (const name of Object.keys(all[0]!)) {
      const own = all.map((one) => one[name]!);
      const ratios = all.map((one) => one[name]!.seconds / one.together!.seconds);
      const cells = [
        own[0]!.ran,
        median(own.map(({ seconds }) => seconds)).toFixed(1),
        median(own.map(({ cpu }) => cpu)).toFixed(1),
        `${median(ratios).toFixed(2)}; ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
        Math.round(Math.max(...own.map((one) => one.peakMB))),
      ];
      console.log(`| ${name} | ${cells.join(' | ')} |`);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const here = fileURLToPath(import.meta.url);
const [mode, file, cache, experiment] = process.argv.slice(2);
if (mode === '--child') process.stdout.write(JSON.stringify(await child(file!, cache!, experiment!)));
else await main(Number(mode ?? 3));
