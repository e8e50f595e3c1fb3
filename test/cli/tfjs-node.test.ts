import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { newFolder } from '../support/folders.js';
import { root } from '../support/shared.js';

/** What the real package (4.22.0) throws where its install script could not download libtensorflow. */
const thrown = 'The Node.js native addon module (tfjs_binding.node) can not be found at path: lib/napi-v8';

describe('a tfjs-node that is installed without its native part', () => {
  let installed: string;
  beforeAll(async () => {
    installed = await newFolder('installed');
    const modules = path.join(installed, 'node_modules');
    await cp(path.join(root, 'dist'), path.join(installed, 'dist'), { recursive: true });
    await cp(path.join(root, 'package.json'), path.join(installed, 'package.json'));
    await mkdir(path.join(modules, '@tensorflow', 'tfjs-node'), { recursive: true });
    for (const folder of ['', '@tensorflow']) {
      for (const name of await readdir(path.join(root, 'node_modules', folder))) {
        if (name === '@tensorflow' || name === 'tfjs-node' || name.startsWith('.')) continue;
        await symlink(path.join(root, 'node_modules', folder, name), path.join(modules, folder, name));
      }
    }
    const own = (name: string) => path.join(modules, '@tensorflow', 'tfjs-node', name);
    await writeFile(
      own('package.json'),
      '{ "name": "@tensorflow/tfjs-node", "version": "4.22.0", "main": "index.js" }',
    );
    await writeFile(own('index.js'), `throw new Error(${JSON.stringify(`${thrown}.\nPlease run npm rebuild`)});`);
    return () => rm(installed, { recursive: true });
  });

  const voxreel = (...args: string[]) =>
    execa(process.execPath, [path.join(installed, 'dist/cli/main.js'), ...args], { cwd: installed, reject: false });

  test('is named by the doctor, and never replaced by WASM under its name', async () => {
    const { stdout } = await voxreel('doctor', '--json');
    const { findings } = JSON.parse(stdout) as { findings: { subject: string; state: string; found: string }[] };
    expect(findings.find(({ subject }) => subject === 'tensorflow.js')).toMatchObject({
      state: 'problem',
      found: `@tensorflow/tfjs-node is installed but does not start: ${thrown}.`,
      hint: expect.stringContaining('npm uninstall @tensorflow/tfjs-node'),
    });
    expect(findings.find(({ subject }) => subject === 'onnxruntime')!.state).toBe('ok');
  });
});
