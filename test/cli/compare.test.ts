import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { decode } from 'fast-png';
import { beforeEach, describe, expect, it } from 'vitest';
import { newFolder } from '../support/folders.js';
import { root } from '../support/shared.js';
import { voxreel } from './support/process.js';

/** Two maps of 4 x 4 x 4 voxels: 1, 2, …, 64 times `scale`, and the same with its first voxel 100 larger where `odd`. */
const STEP = `
import { writeMaps } from ${JSON.stringify(path.join(root, 'dist', 'artifacts', 'maps.js'))};
const voxels = Int32Array.from({ length: 64 }, (_, v) => v);
const grid = { dim: [4, 4, 4], affine: [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], voxelSize: [3, 3, 3], spaceCode: 4 };
export default {
  version: 1,
  inputs: {},
  outputs: { maps: { type: 'maps', description: 'made maps' } },
  params: {
    type: 'object',
    properties: { scale: { type: 'number', default: 1 }, odd: { type: 'boolean', default: false } },
  },
  async run({ params: { scale, odd }, workDir }) {
    const map = Array.from(voxels, (v) => scale * (v + 1));
    const other = map.map((value, v) => (v === 0 && odd ? value + 100 : value));
    const maps = await writeMaps(workDir, {
      kind: 'group',
      statistics: { t: { units: '1', df: 7 } },
      rows: ['one', 'two'].map((name) => ({ name, layer: 'A', kernel: 1, status: 'fitted' })),
      mask: { grid, voxels },
      maps: { t: Float64Array.from([...map, ...other]) },
    });
    return { maps };
  },
};
`;
const STUDY = `voxreel: 1
name: made
params:
  scale: { default: 1, unit: mm }
  odd: false
steps:
  same: { uses: ./maps.mjs }
  maps: { uses: ./maps.mjs, with: { scale: "\${params.scale}", odd: "\${params.odd}" } }
experiments:
  double: { scale: 2 }
  odd: { odd: true }
`;

let dir: string;
beforeEach(async () => {
  dir = await newFolder('compare');
  await writeFile(path.join(dir, 'maps.mjs'), STEP);
  await writeFile(path.join(dir, 'study.yaml'), STUDY);
});

describe('voxreel compare', () => {
  it('says which parameters differ and how far the maps are apart', async () => {
    expect((await voxreel(dir, 'run', 'study.yaml', '--all-experiments')).code).toBe(0);
    const { code, stdout, stderr } = await voxreel(dir, 'compare', 'default', 'double', 'odd', '--out', 'c.png');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^parameter +default +double +odd\nscale \[mm\] +1 +2 +1\nodd +false +false +true$/m);
    const [, double, odd] = stdout.split(/^default and /m);
    // Twice 1, 2, …, 64: r = 1, the mean difference is 32.5, the largest 64 in the last voxel, at (9, 9, 9) mm.
    expect(double).toMatch(/^maps t +2 +1 +1 +32.5 +64 +one at \(9, 9, 9\) mm$/m);
    expect(double).toContain('identical: same');
    // One of 2 x 64 voxels differs, by 100: the mean is 0.78.
    expect(odd).toMatch(/^maps t +2 .* +0.781 +100 +two at \(0, 0, 0\) mm$/m);
    expect(odd).toMatch(/^ {2}one +1 +0 +0$/m);
    const png = decode(await readFile(path.join(dir, 'c.png')));
    expect(png.width).toBeGreaterThan(500);

    const json = JSON.parse((await voxreel(dir, 'compare', 'study.yaml', 'default', 'odd', '--json')).stdout);
    const { sets } = json.results.find(({ result }: { result: string }) => result === 'maps');
    expect(sets[0].maps[1]).toMatchObject({ name: 'two', voxels: 64, maxAbsolute: 100, meanAbsolute: 100 / 64 });
  });

  it('says what to do when there is nothing to compare, and refuses what does not exist', async () => {
    const nothing = await voxreel(dir, 'compare', 'study.yaml', 'default', 'double');
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toContain('the cache has no maps of default, double');
    expect(nothing.stderr).toContain('--all-experiments');
    const wrong = await voxreel(dir, 'compare', 'study.yaml', 'default', 'dubble');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Did you mean `double`?');
    const one = await voxreel(dir, 'compare', 'study.yaml', 'default');
    expect(one.code).toBe(2);
    expect(one.stderr).toContain('one experiment is not enough');
  });
});
