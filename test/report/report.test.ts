import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { sidecarOf } from '../../artifacts/bids-names.js';
import type { RunEvent } from '../../engine/events.js';
import { type ReportOptions, writeReport } from '../../report/page.js';

const png = encode({ width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 0, 255), channels: 3, depth: 8 });

function resultsFolder(untrained = false): string {
  const root = mkdtempSync(path.join(os.tmpdir(), 'voxreel-report-'));
  const put = (name: string, content: string | Uint8Array, facts?: object) => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
    if (!facts) return;
    const sidecar = path.join(root, sidecarOf(name));
    writeFileSync(sidecar, JSON.stringify({ ...facts, ...(untrained ? { Untrained: true } : {}) }));
  };
  put('figures/figures_figure-2_pca.png', png, { Description: 'Variance <explained> & more.', Type: 'figures' });
  put('figures/figures_figure-2_pca.svg', '<svg/>');
  put('figures/figures_figure-3_probability.png', png, { Description: 'Maps.', Type: 'figures' });
  put('reverse/reverse_pictures/frame-0001.png', png, { Description: 'A frame.', Type: 'reversal' });
  const clusters = Array.from({ length: 60 }, (_, n) => `conv1_1/k${n}\t${n + 1}\t${n % 2 ? -1 : 1}${n / 7}`);
  put('significant/significant_desc-clusters.tsv', `name\tvoxels\tpeak\n${clusters.join('\n')}\n`, {
    Description: 'Clusters.',
    Type: 'thresholded',
  });
  put('selection/selection_selection.tsv', 'name\tregion\tselectivity\nconv5_3/k276\t<b>SMG</b>\t0.912345678\n', {
    Description: 'Selected kernels.',
  });
  put('group/group_t.nii.gz', 'x'.repeat(1500), { Description: 'Group t.', Units: '1', Type: 'maps' });
  put('group/settings.json', '{}');
  put('.voxreel.json', '{}');
  return root;
}

const events: RunEvent[] = [
  {
    time: Date.UTC(2025, 0, 2, 3, 4),
    type: 'planned',
    workflow: 'tiny',
    experiment: 'glover',
    instances: 5,
    cached: 1,
  },
  { time: 2, type: 'hit', instance: 'frames', key: 'a' },
  { time: 3, type: 'note', instance: 'frames', message: 'the last window is shorter' },
  {
    time: 3,
    type: 'started',
    instance: 'fit[sub-01]',
    step: 'glm',
    reasons: [{ kind: 'param-changed', name: 'hrf', before: 'spm', after: 'glover' }],
  },
  { time: 4, type: 'note', instance: 'fit[sub-01]', message: '2 kernels have no variance' },
  { time: 4, type: 'note', instance: 'fit[sub-02]', message: '2 kernels have no variance' },
  { time: 5, type: 'finished', instance: 'fit[sub-01]', key: 'b', seconds: 1.25, outputs: {} },
  {
    time: 5,
    type: 'failed',
    instance: 'fit[sub-02]',
    problems: [{ message: 'the mask is empty', hint: 'Look at <it>.' }],
  },
  { time: 6, type: 'skipped', instance: 'group', because: 'fit[sub-02] failed' },
  { time: 7, type: 'ended', ok: false, interrupted: false, ran: 1, cached: 1, failed: 1, skipped: 1, seconds: 3.21 },
];

const options: ReportOptions = {
  workflow: {
    name: 'tiny',
    experiment: 'glover',
    file: '/study/tiny.yaml',
    params: { hrf: 'glover', p: 0.001 },
    steps: [
      { name: 'fit', type: { name: 'glm', title: 'One model per voxel' }, params: { noise: 'ar1', high_pass: 128 } },
    ],
  },
  events,
};

/** Text of the page without markup, for what a reader reads. */
const read = (page: string) =>
  page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('report', () => {
  it('is one page that needs nothing else', async () => {
    const root = resultsFolder();
    const file = await writeReport(root, options);
    expect(file).toBe(path.join(root, 'report.html'));
    const page = readFileSync(file, 'utf8');
    expect(page).not.toMatch(/<script|<link|@import|url\(|https?:/i);
    for (const [, source] of page.matchAll(/<img src="([^"]*)"/g))
      expect(source).toMatch(/^data:image\/(png|svg\+xml);base64,/);
    // Every link leads to a file that is there, or to a place on the page.
    for (const [, target] of page.matchAll(/href="([^"]*)"/g)) {
      if (target!.startsWith('#')) expect(page).toContain(`id="${target!.slice(1)}"`);
      else expect(readFileSync(path.join(root, decodeURI(target!))).length).toBeGreaterThan(0);
    }
    expect(readdirSync(root).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('shows the figures themselves and links their vector form; pictures of other outputs are only listed', async () => {
    const page = readFileSync(await writeReport(resultsFolder(), options), 'utf8');
    const images = [...page.matchAll(/<img src="data:image\/(.*?);base64,([^"]*)" alt="([^"]*)"/g)];
    // The smaller of the two forms is inside.
    expect(images.map(([, kind]) => kind)).toEqual(['svg+xml', 'png']);
    expect(Buffer.from(images[0]![2]!, 'base64').toString()).toBe('<svg/>');
    expect(Buffer.from(images[1]![2]!, 'base64').equals(Buffer.from(png))).toBe(true);
    expect(images[0]![3]).toBe('Variance &lt;explained&gt; &amp; more.');
    expect(page).toContain('href="figures/figures_figure-2_pca.svg"');
    expect(page).toContain('href="reverse/reverse_pictures/frame-0001.png"');
  });

  it('tells what ran and why, what was cached, what failed and what waited for it', async () => {
    const page = readFileSync(await writeReport(resultsFolder(), options), 'utf8');
    const words = read(page);
    expect(words).toContain(
      'Failed : 1 ran, 1 cached, 1 failed, 1 not run, 3.2 s. What is shown below may come from an earlier run.',
    );
    expect(words).toMatch(/frames 1 cached –/);
    expect(words).toMatch(/fit 2 1 ran, 1 failed 1\.3 hrf: &quot;spm&quot; -&gt; &quot;glover&quot;/);
    expect(words).toContain('group 1 not run – fit[sub-02] failed');
    expect(words).toContain('the mask is empty Look at &lt;it&gt;.');
    expect(words).toContain('fit[sub-01], fit[sub-02] : 2 kernels have no variance');
    expect(words).toContain('frames : the last window is shorter');
    expect(words).toContain('on 2025-01-02 03:04 UTC');
  });

  it('shows the largest clusters first and says how many there are, escapes what files say, and rounds numbers', async () => {
    const page = readFileSync(await writeReport(resultsFolder(), options), 'utf8');
    expect(page).toContain('largest |peak| 25 of 60 rows');
    // |peak| of row n is 1 followed by n/7: the largest is 18.43 of the row 59, negative.
    const rows = page.slice(page.indexOf('significant_desc-clusters.tsv</h3>')).match(/<tbody>.*?<\/tr>/s)![0];
    expect(read(rows)).toContain('conv1_1/k59 60 −18.43');
    expect(page).toContain('&lt;b&gt;SMG&lt;/b&gt;');
    expect(page).not.toContain('<b>SMG</b>');
    expect(read(page)).toContain('0.9123');
  });

  it('lists every file with what it is, but not sidecars as files of their own', async () => {
    const words = read(readFileSync(await writeReport(resultsFolder(), options), 'utf8'));
    expect(words).toContain('group_t.nii.gz Group t. 1 2 kB');
    expect(words).toContain('settings.json');
    expect(words).not.toContain('group_t.json');
    expect(words).not.toContain('pca.json');
    expect(words).not.toContain('.voxreel');
  });

  it('gives the parameters, of steps with all defaults, and tables handed to it', async () => {
    const planted = {
      title: 'Planted against recovered',
      columns: ['region', 'hit rate'],
      rows: [['V1', 0.98765]],
      notes: ['Hit rate: share of the region.'],
    };
    const words = read(readFileSync(await writeReport(resultsFolder(), { ...options, tables: [planted] }), 'utf8'));
    expect(words).toContain('hrf &quot;glover&quot;');
    expect(words).toContain(
      'fit glm: One model per voxel { &quot;noise&quot;: &quot;ar1&quot;, &quot;high_pass&quot;: 128 }',
    );
    expect(words).toContain('Planted against recovered region hit rate V1 0.9877 Hit rate: share of the region.');
  });

  it('announces an untrained network at the top, and only then', async () => {
    const page = async (untrained: boolean) =>
      readFileSync(await writeReport(resultsFolder(untrained), options), 'utf8');
    const banner = 'Untrained network: results here descend from synthetic weights';
    expect((await page(true)).indexOf(banner)).toBeLessThan((await page(true)).indexOf('<img'));
    expect(await page(true)).toContain(banner);
    expect(await page(false)).not.toContain(banner);
  });

  it('shows the methods with their references as links', async () => {
    const root = resultsFolder();
    writeFileSync(
      path.join(root, 'methods.md'),
      '# Methods of tiny (glover)\n\nComputed with `voxreel` <1>.\n\n## Stimulus\n\nIt was seen (One, 1990).\n\n## References\n\n- One, A. (1990). Alone. *Journal* 1. https://doi.org/10.1000/x\n- Two.\n',
    );
    const page = readFileSync(await writeReport(root, options), 'utf8');
    expect(page).toContain('<p>Computed with <code>voxreel</code> &lt;1&gt;.</p>');
    expect(page).toContain('<h3>Stimulus</h3><p>It was seen (One, 1990).</p>');
    expect(page).toContain(
      '<ul><li>One, A. (1990). Alone. <em>Journal</em> 1. <a href="https://doi.org/10.1000/x">https://doi.org/10.1000/x</a></li><li>Two.</li></ul>',
    );
    expect(page).toContain('<a href="#methods">Methods</a>');
    expect(readFileSync(await writeReport(resultsFolder(), options), 'utf8')).not.toContain('id="methods"');
  });

  it('can be written for an empty folder and a run without events, and again over itself', async () => {
    const root = mkdtempSync(path.join(os.tmpdir(), 'voxreel-report-'));
    const file = await writeReport(root, { ...options, events: [] });
    expect(read(readFileSync(file, 'utf8'))).toContain('told nothing of its end');
    expect(await writeReport(root, options)).toBe(file);
  });
});
