import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { newFolder } from '../support/folders.js';
import { root } from '../support/shared.js';
import { voxreel } from './support/process.js';

/** Two maps of t of 4 x 4 x 4 voxels: 1, 2, …, 64, and the same with `more` in the first voxel. */
const STEP = `
import { writeMaps } from ${JSON.stringify(path.join(root, 'dist', 'artifacts', 'maps.js'))};
const voxels = Int32Array.from({ length: 64 }, (_, v) => v);
const grid = { dim: [4, 4, 4], affine: [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], voxelSize: [3, 3, 3], spaceCode: 4 };
export default {
  version: 1,
  inputs: {},
  outputs: { maps: { type: 'maps', description: 'made maps' } },
  params: { type: 'object', properties: { more: { type: 'number', default: 0 }, size: { type: 'integer', default: 2 } } },
  async run({ params: { more, size }, workDir }) {
    const map = Array.from(voxels, (v) => v + 1);
    const other = map.map((value, v) => (v === 0 ? value + more : value));
    const maps = await writeMaps(workDir, {
      kind: 'group',
      statistics: { t: { units: '1', df: 7 } },
      rows: ['one', 'two', 'three'].slice(0, size).map((name, k) => ({ name, layer: 'A', kernel: k + 1, status: 'fitted' })),
      mask: { grid, voxels },
      maps: { t: Float32Array.from([map, other, map].slice(0, size).flat()) },
    });
    return { maps };
  },
};
`;
const STUDY = `voxreel: 1
name: made
params: { more: 0, size: 2 }
steps:
  maps: { uses: ./maps.mjs, with: { more: "\${params.more}", size: "\${params.size}" } }
  passed: { uses: threshold, in: { maps: steps.maps }, with: { p: 0.001, sides: one } }
outputs: { maps: steps.maps, passed: steps.passed }
`;

let dir: string;
beforeEach(async () => {
  dir = await newFolder('differences');
  await writeFile(path.join(dir, 'maps.mjs'), STEP);
  await writeFile(path.join(dir, 'study.yaml'), STUDY);
  expect((await voxreel(dir, 'lock', 'study.yaml')).code).toBe(0);
});

const verify = (...options: string[]) => voxreel(dir, 'verify', 'study.yaml', ...options);

describe('what voxreel verify says where numbers differ', () => {
  it('is where and how far, when the cache still has what was locked', async () => {
    const { code, stdout } = await verify('--set', 'more=100', '--junit', 'junit.xml', '--summary', 'summary.md');
    expect(code).toBe(3);
    const [, maps, passed] = stdout.split(/^\w+, locked -> now$/m);
    // One of 2 x 64 numbers is 100 larger: numpy.corrcoef gives 0.8916534839984784.
    expect(maps).toContain('t.npy  highest voxels of 2 maps: 1 moved, farthest by 15.6 mm (two)');
    expect(maps).toContain('largest difference 100: 1 -> 101, two at (0, 0, 0) mm');
    expect(maps).toContain('largest relative difference 0.99: 1 -> 101, two at (0, 0, 0) mm');
    expect(maps).toContain('1 of 128 numbers differ: 0 digits in common (median), r 0.892');
    // t of 7 degrees of freedom exceeds 4.785 with p 0.001: 60 voxels of each map, and now the first one.
    expect(passed).toContain('passed  Dice 0.996: of 120 voxels that passed 0 vanished, 1 appeared');
    expect(passed).toContain('120 voxels that passed in both: all equal');

    const junit = await readFile(path.join(dir, 'junit.xml'), 'utf8');
    expect(junit).toMatch(/<system-out>.*largest difference 100: 1 -&gt; 101/s);
    const summary = await readFile(path.join(dir, 'summary.md'), 'utf8');
    expect(summary).toMatch(
      /^- t\.npy; highest voxels of 2 maps: .*; 1 of 128 numbers differ: .*; largest difference 100: 1 -> 101/m,
    );

    const json = JSON.parse((await verify('--set', 'more=100', '--json')).stdout);
    const [first, second] = json.values.outputs;
    const [{ numbers, peaks }] = first.difference.contents;
    expect(numbers.correlation).toBeCloseTo(0.8916534839984784, 10);
    expect(numbers.largest).toEqual({ where: 'two at (0, 0, 0) mm', locked: 1, found: 101 });
    expect(peaks).toEqual({ maps: 2, moved: 1, farthest: Math.hypot(9, 9, 9), where: 'two' });
    const { passed: overlap } = second.difference.contents.find(({ name }: { name: string }) => name === 'passed');
    expect(overlap).toEqual({ locked: 120, found: 121, vanished: 0, appeared: 1, dice: 240 / 241 });
  });

  it('is an estimate from the fingerprint when the data are gone, or are not those of the lock', async () => {
    const changed = STEP.replace('v + 1)', 'v + 1 + 0.01 * (v % 2))');
    await writeFile(path.join(dir, 'maps.mjs'), changed);
    const kept = await verify();
    expect(kept.code).toBe(1);
    expect(kept.stdout).toMatch(/64 of 128 numbers differ: .* r 1 - /);
    // Now the same keys hold other data.
    await rm(path.join(dir, '.voxreel'), { recursive: true });
    for (const again of [false, true]) {
      if (again) expect((await voxreel(dir, 'run', 'study.yaml')).code).toBe(0);
      const json = JSON.parse((await verify('--json')).stdout);
      const [output] = json.values.outputs;
      expect(output.difference).toEqual({ from: 'fingerprint' });
      const { distance } = output.contents.find(({ name }: { name: string }) => name === 't.npy');
      // Half of the values differ by 0.01: 0.0071 of a standard deviation of 18.5; 8 projections tell that to 25 %.
      expect(distance.relative).toBeGreaterThan(0.0071 / 18.5 / 2);
      expect(distance.relative).toBeLessThan((0.0071 / 18.5) * 2);
      expect(distance.correlation).toBeGreaterThan(0.9999);
    }
    expect((await verify()).stdout).toContain('The locked data are not kept in the cache');
  });

  it('does not compare maps of other shapes number by number', async () => {
    const { code, stdout } = await verify('--set', 'size=3');
    expect(code).toBe(3);
    expect(stdout).toContain('not compared (other shape or voxels): rows.tsv, t.npy');
  });
});
