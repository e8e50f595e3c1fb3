import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { voxreel } from './support/process.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-fmt-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const MESSY = 'name: a # the name\nvoxreel:  1\n';
const CLEAN = 'voxreel: 1\nname: a # the name\n';

describe('voxreel fmt', () => {
  it('changes files in place, through links and with their permissions; then there is nothing to do', async () => {
    const file = path.join(dir, 'a.yaml');
    await writeFile(file, MESSY);
    await chmod(file, 0o600);
    await symlink('a.yaml', path.join(dir, 'link.yaml'));
    const checked = await voxreel(dir, 'fmt', '--check', 'link.yaml');
    expect(checked).toMatchObject({ code: 1, stdout: 'Would change: link.yaml\n', stderr: '' });
    expect(await readFile(file, 'utf8')).toBe(MESSY);

    expect(await voxreel(dir, 'fmt', 'link.yaml')).toMatchObject({ code: 0, stdout: 'Formatted: link.yaml\n' });
    expect(await readFile(file, 'utf8')).toBe(CLEAN);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['a.yaml', 'link.yaml']);
    expect(await voxreel(dir, 'fmt', '--check', 'a.yaml')).toMatchObject({ code: 0 });
  });

  it('changes no file when one of them is not YAML', async () => {
    await writeFile(path.join(dir, 'a.yaml'), MESSY);
    await writeFile(path.join(dir, 'b.yaml'), 'voxreel: 1\nname: [a\n');
    await writeFile(path.join(dir, 'c.yaml'), 'name: a\nname: b\n');
    const { code, stderr } = await voxreel(dir, 'fmt', 'a.yaml', 'b.yaml', 'c.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('b.yaml:');
    expect(stderr).toContain('the key `name` is written twice');
    expect(await readFile(path.join(dir, 'a.yaml'), 'utf8')).toBe(MESSY);
  });
});
