import { chmod, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../cli/doctor/finding.js';
import { newFolder } from '../support/folders.js';
import { smallDisk } from '../support/full-disk.js';
import { describeNginx, startNginx } from '../support/nginx.js';
import { root } from '../support/shared.js';
import { filesBelow } from '../support/tiny-study.js';
import { voxreel } from './support/process.js';
import { writeStudy } from './support/study.js';

let dir: string;
beforeEach(async () => {
  dir = await writeStudy();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Runs `voxreel doctor --json` in the study's folder; `env` is on top of this process's. */
async function doctor(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { stdout, exitCode } = await execa(
    process.execPath,
    [path.join(root, 'dist/cli/main.js'), 'doctor', '--json', ...args],
    { cwd: dir, env: { FFMPEG_PATH: '', VOXREEL_CACHE: '', VOXREEL_REMOTE: '', ...env }, reject: false },
  );
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
  return { code: exitCode, ok, of: (subject: string) => findings.find((one) => one.subject === subject)!, findings };
}

async function program(name: string, script: string): Promise<string> {
  const file = path.join(dir, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

const below = (...parts: string[]) => path.join(dir, '.voxreel', ...parts);

describe('voxreel doctor', () => {
  it('tries everything that a run needs, and leaves no trace', async () => {
    const before = await filesBelow(dir);
    const { code, ok, findings, of } = await doctor();
    expect(findings.filter(({ state }) => state === 'problem')).toEqual([]);
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(findings.map(({ subject }) => subject)).toEqual([
      'node',
      'onnxruntime',
      'tensorflow.js',
      'ffmpeg',
      'threads',
      'memory',
      'cache folder',
      'cache',
      'results folder',
      'remote cache',
    ]);
    const { version } = JSON.parse(await readFile('node_modules/onnxruntime-node/package.json', 'utf8'));
    expect(of('onnxruntime').facts).toMatchObject({ version, devices: expect.arrayContaining(['cpu']) });
    expect(of('tensorflow.js').facts.difference).toBeLessThan(1e-5);
    expect(of('cache').found).toBe('none yet; the first run makes it');
    expect(await filesBelow(dir)).toEqual(before);
  });

  it('says in words what is wrong and what to do, and ends with 1', async () => {
    await writeFile(path.join(dir, 'results'), 'mine');
    const { code, stdout } = await voxreel(dir, 'doctor', 'study.yaml');
    expect(code).toBe(1);
    expect(stdout).toContain('problem  results folder  the results folder cannot be made: a file is in its place');
    expect(stdout).toContain('Remove that file or use another folder (--results DIR).');
    expect(stdout).toContain('1 problem would stop a run');
    const missing = await voxreel(dir, 'doctor', 'other.yaml');
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain('there is no such workflow file');
  });

  it('finds an ffmpeg that does not run, one that only claims to work, and one that is too old', async () => {
    const broken = await program('broken', 'exit 3');
    const first = await doctor([], { FFMPEG_PATH: broken });
    expect(first.code).toBe(1);
    expect(first.of('ffmpeg')).toMatchObject({
      state: 'problem',
      hint: expect.stringContaining('Correct FFMPEG_PATH'),
    });
    const liar = await program(
      'liar',
      'test "$1" = -version && echo "ffmpeg version 7.1" || { echo no codecs >&2; exit 1; }',
    );
    const second = await doctor([], { FFMPEG_PATH: liar });
    expect(second.code).toBe(1);
    expect(second.of('ffmpeg').found).toBe(`7.1, ${liar} does not decode: no codecs`);
    const old = await program('old', 'echo "ffmpeg version 3.4.8"');
    expect((await doctor([], { FFMPEG_PATH: old })).of('ffmpeg').found).toBe(`3.4.8, ${old} is too old`);
  });

  it('warns of an ffmpeg in PATH that does not run; the embedded one is used', async () => {
    const broken = await program('bin/ffmpeg', 'exit 127');
    const { code, of } = await doctor([], { PATH: path.dirname(broken) });
    expect(code).toBe(0);
    expect(of('ffmpeg')).toMatchObject({ state: 'warning', facts: { broken } });
    expect(of('ffmpeg').facts.path).toContain('@ffmpeg-installer');
  });

  it('finds folders that cannot be written', async ({ skip }) => {
    const disk = smallDisk(200);
    if (!disk) return skip('no permission to mount');
    try {
      await mkdir(path.join(disk.dir, 'cache'));
      const writable = await doctor(['--cache', path.join(disk.dir, 'cache'), '--results', disk.dir]);
      expect(writable.code).toBe(0);
      expect(writable.of('cache folder')).toMatchObject({ state: 'warning', hint: expect.stringContaining('room') });
      disk.readOnly();
      const { code, of } = await doctor(['--cache', path.join(disk.dir, 'cache'), '--results', disk.dir]);
      expect(code).toBe(1);
      expect(of('cache folder').found).toMatch(/^the cache folder cannot be written \(read-only file system\)/);
      expect(of('results folder').hint).toContain('--results DIR');
    } finally {
      disk.remove();
    }
  });

  it('finds a folder without permission', async ({ skip }) => {
    if (process.getuid?.() === 0) return skip('the superuser may write everywhere');
    const closed = await newFolder('closed');
    await chmod(closed, 0o555);
    const { code, of } = await doctor(['--results', path.join(closed, 'results')]);
    expect(code).toBe(1);
    expect(of('results folder').found).toContain('(no permission)');
  });

  it('finds a disk with no room', async ({ skip }) => {
    const disk = smallDisk(1);
    if (!disk) return skip('no permission to mount');
    try {
      const { code, of } = await doctor(['--results', disk.dir]);
      expect(code).toBe(1);
      expect(of('results folder')).toMatchObject({ state: 'problem', hint: expect.stringContaining('Free some room') });
    } finally {
      disk.remove();
    }
  });

  it('finds damaged results without touching them; a run repairs them', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    expect((await doctor()).of('cache')).toMatchObject({ state: 'ok', facts: { results: 3, damaged: [] } });
    const blobs = await filesBelow(below('blobs'));
    await chmod(below('blobs', blobs[0]!), 0o644);
    const text = await readFile(below('blobs', blobs[0]!), 'utf8');
    await writeFile(below('blobs', blobs[0]!), text.toLowerCase() === text ? text.toUpperCase() : text.toLowerCase());
    const later = new Date(Date.now() + 60_000);
    await utimes(below('blobs', blobs[0]!), later, later);
    await rm(below('blobs', blobs[1]!));
    const { code, of } = await doctor();
    expect(code).toBe(0);
    expect(of('cache').state).toBe('warning');
    const faults = (of('cache').facts.damaged as { fault: string }[]).map(({ fault }) => fault).sort();
    expect(faults).toEqual(['file is gone', 'the content of file has another digest']);
    expect(await filesBelow(below('blobs'))).toHaveLength(blobs.length - 1);
    await voxreel(dir, 'run', 'study.yaml');
    const after = await doctor();
    expect(after.of('cache').facts.damaged).toEqual([]);
    expect(after.of('cache').found).toContain('1 damaged file set aside');
    expect(await readdir(below('quarantine'))).toHaveLength(1);
  });

  it('finds a cache of another format', async () => {
    await voxreel(dir, 'run', 'study.yaml');
    await writeFile(below('store.json'), '{"format":99}');
    const { code, of } = await doctor();
    expect(code).toBe(1);
    expect(of('cache')).toMatchObject({ state: 'problem', found: expect.stringContaining('has format 99') });
  });

  it('says when the remote cache does not answer, which stops no run, and when its settings are wrong, which does', async () => {
    const down = await doctor(['--remote', 'http://127.0.0.1:9']);
    expect(down.code).toBe(0);
    expect(down.of('remote cache')).toMatchObject({ state: 'warning', found: '127.0.0.1:9 refused the connection' });
    const wrong = await doctor([], { VOXREEL_REMOTE: 'http://127.0.0.1:9', VOXREEL_REMOTE_TIMEOUT: 'soon' });
    expect(wrong.code).toBe(1);
    expect(wrong.of('remote cache').hint).toContain('seconds, such as 10');
  });
});

describeNginx('voxreel doctor with a web server', () => {
  it('asks the remote cache', async () => {
    const nginx = await startNginx(await newFolder('nginx'));
    try {
      const { of } = await doctor(['--remote', nginx.url]);
      expect(of('remote cache')).toMatchObject({ state: 'ok', facts: { readOnly: false } });
    } finally {
      await nginx.stop();
    }
  });
});
