import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/**
 * A study of two steps of its own, so that tests of the command line need no images: `first` writes a text and can
 * wait or fail, `second` repeats it in capitals.
 */
export async function writeStudy(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-cli-'));
  await writeFile(path.join(dir, 'first.mjs'), FIRST);
  await writeFile(path.join(dir, 'second.mjs'), SECOND);
  await writeFile(path.join(dir, 'study.yaml'), STUDY);
  return dir;
}

const STUDY = `voxreel: 1
name: tiny
params: { word: hello, wait: 0, fail: false }
steps:
  quick:
    uses: ./first.mjs
    with: { word: quick }
  first:
    uses: ./first.mjs
    with: { word: "\${params.word}", wait: "\${params.wait}", fail: "\${params.fail}" }
  second:
    uses: ./second.mjs
    in: { text: steps.first }
outputs: { text: steps.second }
experiments:
  shout: { word: hey }
`;

const FIRST = `
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

export default {
  version: 1,
  inputs: {},
  outputs: { text: { type: 'file', description: 'a text' } },
  params: {
    type: 'object',
    properties: {
      word: { type: 'string', default: 'hello', description: 'what to write' },
      wait: { type: 'number', default: 0, unit: 's', description: 'how long it takes' },
      fail: { type: 'boolean', default: false, description: 'whether it fails' },
    },
  },
  async run({ params, workDir, signal, progress, note }) {
    for (let i = 0; i < params.wait * 10; i++) {
      progress(i, params.wait * 10, 'ticks');
      await setTimeout(100, undefined, { signal });
    }
    if (params.fail) throw new Error('told to fail');
    note('wrote ' + params.word);
    const file = path.join(workDir, 'file');
    await writeFile(file, params.word);
    return { text: { files: { file } } };
  },
};
`;

const SECOND = `
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export default {
  version: 1,
  inputs: { text: { type: 'file', description: 'a text' } },
  outputs: { text: { type: 'file', description: 'the same in capitals' } },
  params: { type: 'object', properties: {} },
  async run({ inputs, workDir }) {
    const file = path.join(workDir, 'file');
    await writeFile(file, (await readFile(inputs.text.files.file, 'utf8')).toUpperCase());
    return { text: { files: { file } } };
  },
};
`;
