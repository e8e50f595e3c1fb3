import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFilm } from '../../cli/demo/film.js';
import { writeScenes } from '../../cli/demo/scenes.js';
import type { StudySize } from '../../cli/demo/size.js';
import { writeAtlas, writeScans } from '../../cli/demo/study.js';
import { loadWorkflow, plan, type RunEvent, run } from '../../index.js';
import { root } from '../support/shared.js';

/** The demo workflow on a tiny study: every step type of the analysis is in it. */
const size: StudySize = { subjects: 3, windows: 60, before: 5, tr: 2, voxel: 10, width: 64, height: 36, fps: 4 };

const subjectSteps = ['fit', 'smoothed'];
const groupSteps = ['group', 'significant', 'probability', 'selection', 'reverse', 'figures'];
const each = (steps: readonly string[], ...subjects: string[]) =>
  steps.flatMap((step) => subjects.map((subject) => `${step}[${subject}]`));

describe('what runs again, and what does not', () => {
  let dir: string;
  let file: string;
  let lastSubject: string;

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'voxreel-incremental-'));
    file = path.join(dir, 'study.yaml');
    const demo = await readFile(path.join(root, 'workflows', 'demo.yaml'), 'utf8');
    await writeFile(file, demo.replace('width: 64', 'width: 4').replace('p: 0.001', 'p: 0.2'));
    const scenes = writeScenes('incremental', size.windows * size.tr, size.width / size.height);
    await writeFilm(path.join(dir, 'film.mp4'), scenes, size, () => {});
    await writeAtlas(dir, size);
    await writeScans(dir, size, []);
    lastSubject = path.join(dir, 'derivatives', 'fmriprep', 'sub-03');
    await rename(lastSubject, path.join(dir, 'sub-03.later'));
    const first = await runStudy();
    expect(first.ran).toEqual(
      [
        ...['frames', 'activations', 'series', 'describe', 'regressors'],
        ...each(subjectSteps, 'sub-01', 'sub-02'),
        ...groupSteps,
      ].sort(),
    );
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  async function runStudy(set: readonly string[] = []): Promise<{ ran: string[]; cached: string[] }> {
    const events: RunEvent[] = [];
    const result = await run(await loadWorkflow(file, { set }), { onEvent: (event) => void events.push(event) });
    expect(events.filter(({ type }) => type === 'failed')).toEqual([]);
    expect(result.ok).toBe(true);
    const instances = (type: 'finished' | 'hit') =>
      events.flatMap((event) => (event.type === type ? [event.instance] : [])).sort();
    return { ran: instances('finished'), cached: instances('hit') };
  }

  test('nothing, when nothing changed', async () => {
    const { ran, cached } = await runStudy();
    expect(ran).toEqual([]);
    expect(cached).toHaveLength(15);
  });

  test('hrf: glover runs the regressors and what follows from them; the film and the smoothing stay', async () => {
    const planned = await plan(await loadWorkflow(file, { set: ['hrf=glover'] }));
    const reasons = planned.instances.find(({ instance }) => instance.id === 'regressors');
    expect(JSON.stringify(reasons)).toContain(
      JSON.stringify({ kind: 'param-changed', name: 'model', before: 'spm', after: 'glover' }).slice(1, -1),
    );
    const { ran, cached } = await runStudy(['hrf=glover']);
    expect(ran).toEqual(['regressors', ...each(['fit'], 'sub-01', 'sub-02'), ...groupSteps].sort());
    expect(cached).toEqual(
      ['frames', 'activations', 'series', 'describe', ...each(['smoothed'], 'sub-01', 'sub-02')].sort(),
    );
    expect((await runStudy()).ran).toEqual([]);
  });

  test('nothing, when only a comment in the YAML changed', async () => {
    await writeFile(
      file,
      `# looked at again\n${(await readFile(file, 'utf8')).replace('# From here on', '#   From here on')}`,
    );
    expect((await runStudy()).ran).toEqual([]);
  });

  test('another subject runs its own steps and those of the group', async () => {
    await rename(path.join(dir, 'sub-03.later'), lastSubject);
    const { ran } = await runStudy();
    expect(ran).toEqual([...each(subjectSteps, 'sub-03'), ...groupSteps].sort());
  });
});
