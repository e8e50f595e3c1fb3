import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bibtex, citedKeys, listed, type Reference, withCitations } from '../../engine/methods/reference.js';
import { loadWorkflow, run } from '../../index.js';
import { newFolder } from '../support/folders.js';
import { makeStudy, type Study, textStep } from '../support/tiny-study.js';

const papers: readonly Reference[] = [
  {
    key: 'one1990',
    kind: 'article',
    authors: ['One, A.'],
    year: 1990,
    title: 'Alone',
    where: 'Journal of X & Y',
    volume: '1',
    pages: '2-3',
    doi: '10.1000/x_1',
  },
  { key: 'two2000', kind: 'book', authors: ['One, A.', 'Two, B.'], year: 2000, title: 'Both', where: 'Press' },
  { key: 'tool', kind: 'misc', authors: ['Tool developers'], title: 'Tool', url: 'https://tool.example' },
  { key: 'many2010', kind: 'misc', authors: ['A, A.', 'B, B.', 'others'], year: 2010, title: 'Many' },
];
const byKey = new Map(papers.map((one) => [one.key, one]));

describe('references', () => {
  it('are cited by author and year, several in one pair of parentheses', () => {
    const text = 'It was done [@one1990; @two2000] (thrice [@many2010]) with Tool [@tool] or [@nobody].';
    expect(citedKeys(text)).toEqual(['one1990', 'two2000', 'many2010', 'tool', 'nobody']);
    expect(withCitations(text, byKey)).toBe(
      'It was done (One, 1990; One & Two, 2000) (thrice; A et al., 2010) with Tool (Tool developers, n.d.) or (nobody).',
    );
  });

  it('are listed with address', () => {
    expect(papers.map(listed)).toEqual([
      'One, A. (1990). Alone. *Journal of X & Y* 1, 2-3. https://doi.org/10.1000/x_1',
      'One, A., & Two, B. (2000). Both. *Press*.',
      'Tool developers. (n.d.). Tool. https://tool.example',
      'A, A., B, B., et al. (2010). Many.',
    ]);
  });

  it('become BibTeX with what is special there escaped', () => {
    expect(bibtex(papers[0]!)).toBe(`@article{one1990,
  author = {One, A.},
  year = {1990},
  title = {{Alone}},
  journal = {Journal of X \\& Y},
  volume = {1},
  pages = {2--3},
  doi = {10.1000/x\\_1}
}
`);
    expect(bibtex(papers[2]!)).toContain('author = {{Tool developers}}');
    expect(bibtex(papers[3]!)).toContain('author = {A, A. and B, B. and others}');
  });
});

let study: Study | undefined;
afterEach(() => study?.remove());

describe('the methods of a study', () => {
  it('are the sentences of what led to its results, in the order of the graph, with the values that were used', async () => {
    const spoken = textStep('spoken', { loud: { type: 'number', default: 3 } }, (content) => content, {
      tools: async () => ({ mouth: '1.2' }),
      methods: async ({ params, count, subjects, tools }) => ({
        section: count > 1 ? 'subjects' : 'group',
        text: `Spoken ${params.loud} times ${count}, ${subjects} people, mouth ${tools.mouth} [@one1990].`,
        references: papers.slice(0, 1),
      }),
    });
    study = await makeStudy(
      `voxreel: 1
name: study
inputs: { people: { type: people, path: people } }
steps:
  all: { uses: join, in: { texts: steps.each } }
  unused: { uses: spoken, foreach: inputs.people, in: { text: item.text }, with: { loud: 99 } }
  each: { uses: spoken, foreach: inputs.people, in: { text: item.text } }
  last: { uses: spoken, in: { text: steps.all }, with: { loud: 4 } }
outputs: { last: steps.last }
`,
      [spoken],
    );
    await study.write('people/sub-01.txt', 'One');
    await study.write('people/sub-02.txt', 'Two');
    await study.run();
    const text = await readFile(path.join(study.dir, 'results/study/default/methods.md'), 'utf8');
    const parts = text.split('\n\n');
    expect(parts[1]).toContain('using mouth 1.2.');
    expect(parts.slice(2, -1)).toEqual([
      '## Individual analysis',
      'Spoken 3 times 2, 2 people, mouth 1.2 (One, 1990).',
      '## Other steps',
      'The step `all` ran `join`.',
      '## Group analysis',
      'Spoken 4 times 1, 0 people, mouth 1.2 (One, 1990).',
      '## References',
      `- ${listed(papers[0]!)}`,
    ]);
    const bibliography = await readFile(path.join(study.dir, 'results/study/default/references.bib'), 'utf8');
    expect(bibliography).toBe(bibtex(papers[0]!));
  });

  it('follow a parameter: another response, another sentence, another reference', async () => {
    const dir = await newFolder('methods');
    await mkdir(path.join(dir, 'own'));
    const rows = Array.from({ length: 30 }, (_, i) => `${Math.sin(i / 3).toFixed(4)}\t${Math.cos(i / 5).toFixed(4)}`);
    await writeFile(path.join(dir, 'own/series.tsv'), ['a\tb', ...rows, ''].join('\n'));
    await writeFile(
      path.join(dir, 'study.yaml'),
      `voxreel: 1
name: study
params: { hrf: spm }
inputs: { own: { type: series, path: own/series.tsv, interval: 2 } }
steps: { regressors: { uses: hrf, in: { series: inputs.own }, with: { model: "\${params.hrf}" } } }
experiments: { glover: { hrf: glover } }
`,
    );
    const methods = async (experiment: string) => {
      const workflow = await loadWorkflow(path.join(dir, 'study.yaml'), { experiment });
      expect(await run(workflow)).toMatchObject({ ok: true });
      const read = (file: string) => readFile(path.join(dir, 'results/study', experiment, file), 'utf8');
      return { text: await read('methods.md'), bibliography: await read('references.bib') };
    };
    const spm = await methods('default');
    expect(spm.text).toContain('convolved with the canonical haemodynamic response of SPM12 (Wellcome Centre');
    expect(spm.text).toContain('(TR 2 s)');
    expect(spm.bibliography).toContain('@misc{spm12,');
    expect(spm.text + spm.bibliography).not.toContain('Glover');
    const glover = await methods('glover');
    expect(glover.text).toContain("convolved with Glover's haemodynamic response (Glover, 1999)");
    expect(glover.bibliography).toContain('@article{glover1999,');
    expect(glover.text + glover.bibliography).not.toContain('SPM12');
  });
});
