import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeStudy } from '../../bench/engine-study.js';
import { loadWorkflow, plan, type RunEvent, run, UserError } from '../../index.js';
import { root } from '../support/shared.js';
import { tinyRegistry } from '../support/tiny-study.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-library-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

describe('the library', () => {
  const registry = tinyRegistry();
  const study = async () => {
    const yaml =
      'voxreel: 1\nname: lib\ninputs:\n  a: { type: text, path: a.txt }\nsteps:\n  low: { uses: lower, in: { text: inputs.a } }\n';
    await writeFile(path.join(dir, 'study.yaml'), yaml);
    await writeFile(path.join(dir, 'a.txt'), 'Hello');
    return loadWorkflow(path.join(dir, 'study.yaml'), { registry });
  };

  it('loads, plans and runs without printing', async () => {
    const printed = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
    const workflow = await study();
    const cache = path.join(dir, 'elsewhere');
    expect((await plan(workflow, { registry, cache })).counts).toEqual({ cached: 0, run: 1, upstream: 0 });
    const events: RunEvent[] = [];
    const results = path.join(dir, 'out');
    const result = await run(workflow, { registry, cache, results, onEvent: (event) => events.push(event) });
    expect(result.ok).toBe(true);
    expect(await readFile(path.join(results, 'lib/default/low/low.txt'), 'utf8')).toBe('hello');
    expect((await plan(workflow, { registry, cache })).counts).toEqual({ cached: 1, run: 0, upstream: 0 });
    expect(events.map(({ type }) => type)).toEqual(['planned', 'started', 'finished', 'published', 'ended']);
    for (const spy of printed) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it('keeps its store beside the workflow file unless VOXREEL_CACHE says otherwise', async () => {
    const workflow = await study();
    await run(workflow, { registry });
    expect(existsSync(path.join(dir, '.voxreel/store.json'))).toBe(true);
    vi.stubEnv('VOXREEL_CACHE', path.join(dir, 'from-environment'));
    await plan(workflow, { registry });
    expect(existsSync(path.join(dir, 'from-environment/store.json'))).toBe(true);
  });

  it('throws a UserError with the place of what is wrong', async () => {
    const workflow = await study();
    await rm(path.join(dir, 'a.txt'));
    const error = await run(workflow, { registry }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error.problems[0].place.file).toBe(path.join(dir, 'a.txt'));
  });
});

describe('a run that is killed', () => {
  const script = path.join(root, 'test/support/run-study.mjs');
  const finish = async (file: string) => {
    const { stdout } = await promisify(execFile)(process.execPath, [script, file]);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as { ok: boolean; ran: number; digests: string[] };
  };

  it('at random instants is completed by the next, with the same results', { timeout: 120_000 }, async () => {
    expect(existsSync(path.join(root, 'dist/bench/engine-study.js')), 'needs `npm run build`').toBe(true);
    const file = await writeStudy(dir, 200);
    const undisturbed = await finish(file);
    await rm(path.join(dir, '.voxreel'), { recursive: true });
    let kept = 0;
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => child.on('exit', resolve));
      await Promise.race([ended, new Promise((resolve) => child.stdout.once('data', resolve))]);
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 200);
      await ended;
      const records = await readdir(path.join(dir, '.voxreel/records'), { recursive: true });
      const now = records.filter((name) => name.endsWith('.json')).length;
      expect(now).toBeGreaterThanOrEqual(kept);
      kept = now;
    }
    const completed = await finish(file);
    expect(completed.ok).toBe(true);
    expect(completed.ran + kept).toBe(undisturbed.ran);
    expect(completed.digests).toEqual(undisturbed.digests);
    expect(await readdir(path.join(dir, '.voxreel/tmp'))).toEqual([]);
  });
});
