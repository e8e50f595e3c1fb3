import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
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

  it('compares results folders as it compares the cache, whichever file and cache they are of', async () => {
    await writeFile(path.join(dir, 'shares.mjs'), SHARES);
    await writeFile(path.join(dir, 'study.yaml'), MORE);
    expect((await voxreel(dir, 'run', 'study.yaml', '--all-experiments')).code).toBe(0);
    const cached = JSON.parse((await voxreel(dir, 'compare', 'default', 'double', 'odd', '--json')).stdout);
    const folders = ['default', 'double', 'odd'].map((name) => `results/made/${name}`);
    const found = await voxreel(dir, 'compare', ...folders, '--json', '--out', 'f.png');
    expect(found.stderr).toBe('');
    const published = JSON.parse(found.stdout);
    expect(published.experiments).toEqual(['default', 'double', 'odd']);
    // Masks are not published: shares are compared where any is not 0, in 48 voxels of 64.
    const sharesOf = ({ results }: { results: { result: string; b: string; sets: { voxels: number }[] }[] }) =>
      results.find(({ result, b }) => result === 'shares' && b === 'odd')!.sets[0]!.voxels;
    expect([sharesOf(cached), sharesOf(published)]).toEqual([64, 48]);
    const others = ({ results }: typeof published) =>
      results
        .filter(({ result }: { result: string }) => result !== 'shares')
        .map(withoutVoxels)
        .sort(byResult);
    expect(others(published)).toEqual(others(cached));
    expect(others(cached).flatMap(({ sets }: { sets: unknown[] }) => sets).length).toBeGreaterThan(3);
    expect(published.parameters).toEqual([
      { name: 'scale', values: [1, 2, 1] },
      { name: 'odd', values: [false, false, true] },
      { name: 'maps.scale', values: [1, 2, 1] },
      { name: 'maps.odd', values: [false, false, true] },
      { name: 'shares.odd', values: [false, false, true] },
    ]);
    expect(decode(await readFile(path.join(dir, 'f.png'))).width).toBeGreaterThan(500);

    // Another file with another step behind an output of the same name, run elsewhere with a cache of its own.
    await mkdir(path.join(dir, 'elsewhere'));
    for (const file of ['maps.mjs', 'shares.mjs']) await cp(path.join(dir, file), path.join(dir, 'elsewhere', file));
    const other = MORE.replace('name: made', 'name: other').replace(
      `{ scale: "\${params.scale}", odd`,
      '{ scale: 3, odd',
    );
    await writeFile(
      path.join(dir, 'elsewhere/other.yaml'),
      other.replace(/ {2}shares:.*\n/, '').replace('shares: steps.shares, ', ''),
    );
    expect((await voxreel(path.join(dir, 'elsewhere'), 'run', 'other.yaml')).code).toBe(0);
    const away = path.join(dir, 'elsewhere/results/other/default');
    const { stdout, code } = await voxreel(dir, 'compare', './results/made/default/', away);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^shares.uses +\.\/shares\.mjs +none$/m);
    expect(stdout).toMatch(/^maps.scale +1 +3$/m);
    // Of the two files of steps that the first has, the other has one.
    expect(stdout).toMatch(/^version of step file +[0-9a-f]{12}, [0-9a-f]{12} +[0-9a-f]{12}$/m);
    // Thrice 1, 2, …, 64: the mean difference is 65.
    expect(stdout).toMatch(/^maps t +2 +1 +1 +65 +128 +one at \(9, 9, 9\) mm$/m);
    expect(stdout).toContain(`not there: shares of ${away}`);
  });

  it('compares runs of the log while the cache has what they made', async () => {
    for (const set of ['scale=1', 'scale=2'])
      expect((await voxreel(dir, 'run', 'study.yaml', '--set', set)).code).toBe(0);
    const ids = (await voxreel(dir, 'log', '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    const { stdout, stderr } = await voxreel(dir, 'compare', ids[1], ids[0]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^scale +1 +2$/m);
    expect(stdout).toMatch(/^maps t +2 +1 +1 +32.5 +64 +one at \(9, 9, 9\) mm$/m);
    const unknown = await voxreel(dir, 'compare', ids[0], '20200101-000000-0000');
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no run `20200101-000000-0000`'),
    });
  });

  it('says which folders it cannot compare, and never takes a folder for an experiment', async () => {
    expect((await voxreel(dir, 'run', 'study.yaml', '--all-experiments')).code).toBe(0);
    const [a, b] = ['results/made/default', 'results/made/double'];
    const fault = async (...words: string[]) => {
      const { code, stderr } = await voxreel(dir, 'compare', ...words);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await fault(a, 'results/made/gone')).toContain('there is no such folder');
    expect(await fault(a, 'results/made')).toMatch(
      /this is no results folder[\s\S]*Those below it are: results\/made\/default/,
    );
    expect(await fault(a, b, '--set', 'scale=3')).toContain('--set is for experiments');
    expect(await fault(a, b, '--cache', '.voxreel')).toContain('--cache is for experiments');
    const here = await voxreel(path.join(dir, 'results/made'), 'compare', 'default', 'double');
    expect(here.stderr).toContain('voxreel compare ./default ./double');
    expect((await voxreel(path.join(dir, 'results/made'), 'compare', './default', './double')).code).toBe(0);
    await cp(path.join(dir, b, 'maps/maps_stat-t_statmap.json'), path.join(dir, a, 'maps/maps_stat-p_statmap.json'));
    await cp(
      path.join(dir, b, 'maps/maps_stat-t_statmap.nii.gz'),
      path.join(dir, a, 'maps/maps_stat-p_statmap.nii.gz'),
    );
    expect(await fault(a, b)).toContain('these images are of different runs');
  });
});

const byResult = (x: { result: string; b: string }, y: { result: string; b: string }) =>
  `${x.result} ${x.b}` < `${y.result} ${y.b}` ? -1 : 1;

/** Of what passed a threshold the whole grid is compared, of the cache only the mask: nothing passed outside of it. */
const withoutVoxels = ({ sets, ...result }: { sets: { kind: string; voxels: number }[] }) => ({
  ...result,
  sets: sets.map(({ voxels, ...set }) => (set.kind === 'passed' ? set : { voxels, ...set })),
});

/** Shares of two layers: 0 in the same 16 voxels of both, and in the first voxel but where `odd`. */
const SHARES = STEP.replace("kind: 'group'", "kind: 'probability'")
  .replace("t: { units: '1', df: 7 }", "probability: { units: 'share of kernels' }")
  .replace('maps: { t:', 'maps: { probability:')
  .replace('scale * (v + 1)', '(v < 16 ? 0 : v / 64)')
  .replace('v === 0 && odd ? value + 100', 'v === 20 && odd ? 0.5');
const MORE = STUDY.replace(
  'experiments:',
  `  shares: { uses: ./shares.mjs, with: { odd: "\${params.odd}" } }
  passed: { uses: threshold, in: { maps: steps.maps }, with: { correction: none, p: 0.001, min_extent: 2 } }
outputs: { same: steps.same, maps: steps.maps, shares: steps.shares, passed: steps.passed }
experiments:`,
);
