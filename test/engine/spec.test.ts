// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeProblem } from '../../artifacts/user-error.js';
import { formatProblem } from '../../engine/spec/code-frame.js';
import { listExperiments } from '../../engine/spec/experiments.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import { loadWorkflow } from '../../engine/spec/load.js';
import type { StepNode, Workflow } from '../../engine/workflow.js';
import { dedent, failure, load, problemsOf, sound, study, studyDir, studyFile } from './spec-file.js';
import { testRegistry } from './spec-registry.js';

function step(workflow: Workflow, name: string): StepNode {
  return workflow.steps.find((node) => node.name === name)!;
}

describe('a sound workflow file', () => {
  test('becomes steps in an order in which each comes after what it needs', async () => {
    const workflow = await load(sound);
    expect(workflow.steps.map(({ name }) => name)).toEqual(['frames', 'fit', 'group']);
    expect(workflow.name).toBe('night');
    expect(workflow.experiment).toBe('default');
    expect(workflow.baseDir).toBe(studyDir);
  });

  test('has defaults filled in and parameters replaced with their types', async () => {
    const workflow = await load(sound);
    expect(step(workflow, 'frames').params).toEqual({ window: 2, size: 'full', tag: '' });
    expect(step(workflow, 'fit').params).toEqual({ noise: 'white', drop: 0 });
    expect(step(workflow, 'group').params).toEqual({ p: 0.001 });
    expect(workflow.inputs.get('movie')!.spec).toEqual({ path: 'movie.mp4', speed: 24 });
  });

  test('puts the text of a parameter into a longer text, and leaves other dollars alone', async () => {
    const workflow = await load(
      sound.replace('with: { window: "${params.tr}"', 'with: { tag: "tr-${params.tr}-${HOME}-$1"'),
    );
    expect(step(workflow, 'frames').params.tag).toBe('tr-2-${HOME}-$1');
  });

  test('fills in the first output where a wire or an output names only the step', async () => {
    const workflow = await load(sound);
    expect(step(workflow, 'group').wires.fits).toMatchObject({ kind: 'step', step: 'fit', port: 'fit' });
    expect(workflow.outputs.get('where')!.wire).toMatchObject({ step: 'group', port: 'region' });
    expect(workflow.outputs.get('quality')!.wire).toMatchObject({ step: 'fit', port: 'report' });
  });

  test('publishes what no other step uses when it has no outputs', async () => {
    const text = dedent(sound).replace(/outputs:\n.*\n.*\n/, '');
    expect([...(await load(text)).outputs.keys()]).toEqual(['group']);
    const pairOnly = text.replace(/ {2}group:\n(?: {4}.*\n){3}/, '');
    expect([...(await load(pairOnly)).outputs.keys()]).toEqual(['fit-report']);
  });

  test('may share parts by anchors and leave sections empty', async () => {
    const workflow = await load(`
      voxreel: 1
      name: shared
      params:
      inputs:
        movie: { type: film, path: a.mp4 }
      steps:
        one: { uses: cut, in: { film: inputs.movie }, with: &common { tag: x, window: 3 } }
        two: { uses: cut, in: { film: inputs.movie }, with: *common }
        three: { uses: cut, in: { film: inputs.movie }, with: }
    `);
    expect(step(workflow, 'two').params).toEqual({ tag: 'x', window: 3, size: 'full' });
    expect(step(workflow, 'three').params).toEqual({ window: 2, size: 'full', tag: '' });
  });

  test('may name things like properties that every object has', async () => {
    const workflow = await load(`
      voxreel: 1
      name: odd
      params: { constructor: 5 }
      inputs: { toString: { type: film, path: a.mp4 } }
      steps:
        valueOf: { uses: cut, in: { film: inputs.toString }, with: { window: "\${params.constructor}" } }
    `);
    expect(step(workflow, 'valueOf').params.window).toBe(5);
    expect(
      await problemsOf(
        'voxreel: 1\nname: x\nsteps: { a: { uses: pool, in: { toString: steps.a }, with: { p: 1 } } }\n',
      ),
    ).toHaveLength(2);
  });

  test('knows the line of a parameter that a step finds wrong later', async () => {
    const workflow = await load(sound);
    expect(step(workflow, 'fit').placeOf(['noise'])).toMatchObject({ file: studyFile, line: 3, column: 25 });
    expect(step(workflow, 'fit').placeOf(['drop'])).toMatchObject({ line: 16, column: 11 });
    expect(workflow.inputs.get('people')!.placeOf(['people'])).toMatchObject({ line: 6, column: 35 });
  });
});

describe('all problems of a file', () => {
  const text = `
    voxreel: 1
    name: many
    params: { tr: 2, tr: 3 }
    inputs:
      movie: { type: film, path: a.mp4, colour: red }
    steps:
      frames: { uses: cut, in: { film: inputs.movies }, with: { window: -1 } }
      fit: { uses: modl }
      next: { uses: pool, in: { fits: steps.frames }, with: { p: 2 } }
    outputs: { x: steps.nxt }
    experiments: { a: { tt: 1 } }
  `;

  test('are reported together, in the order of the file', async () => {
    const problems = await problemsOf(text, { set: ['nothing=1'], experiment: 'b' });
    expect(problems.map((problem) => problem.split(' | ')[0])).toEqual([
      '3:18 the key `tr` is written twice',
      '5:37 unknown key `colour` in `inputs.movie`',
      '7:36 there is no input `movies`',
      '7:69 `frames.with.window` is -1',
      '8:16 there is no step type `modl`',
      '9:35 `fits` of `next` takes `fit`, but `steps.frames` gives `pictures`',
      '9:62 `next.with.p` is 2',
      '10:15 there is no step `nxt`',
      '11:21 there is no parameter `tt` under `params`',
      '--experiment b there is no experiment `b`',
      '--set nothing=1 there is no parameter `nothing` under `params`',
    ]);
  });

  test('are the same every time', async () => {
    expect(await problemsOf(text)).toEqual(await problemsOf(text));
  });

  test('are not followed by what only follows from them', async () => {
    // A step of unknown type and an input of unknown type are wired on without further complaint.
    const problems = await problemsOf(sound.replace('uses: cut', 'uses: kut').replace('type: cohort', 'type: kohort'));
    expect(problems).toHaveLength(2);
  });
});

describe('the file itself', () => {
  test('is named when it is missing, a folder, or not a text', async () => {
    const options = { registry: testRegistry };
    const missing = path.join(studyDir, 'nothing.yaml');
    expect(await failure(loadWorkflow(missing, options))).toMatchObject(
      [{ message: /no such workflow file/, place: { file: missing } }].map((p) => ({
        ...p,
        message: expect.stringMatching(p.message),
      })),
    );
    expect((await failure(loadWorkflow(studyDir, options)))[0]!.message).toMatch(/folder/);
    const binary = path.join(studyDir, 'film.mp4');
    await writeFile(binary, Buffer.from([0, 1, 2, 3]));
    expect((await failure(loadWorkflow(binary, options)))[0]!.message).toMatch(/not a text file/);
  });

  test('may have Windows line ends and a byte order mark', async () => {
    const file = path.join(studyDir, 'windows.yaml');
    await writeFile(file, `\uFEFF${dedent(sound).replaceAll('\n', '\r\n')}`);
    expect((await loadWorkflow(file, { registry: testRegistry })).steps).toHaveLength(3);
  });
});

describe('experiments', () => {
  test('are listed with the members of a matrix written out', async () => {
    expect(await listExperiments(await study(sound))).toEqual([
      { name: 'default', params: {} },
      { name: 'strict', params: { p: 0.00001 } },
      { name: 'windows-tr1-p0.1', matrix: 'windows', params: { noise: 'white', tr: 1, p: 0.1 } },
      { name: 'windows-tr1-p0.01', matrix: 'windows', params: { noise: 'white', tr: 1, p: 0.01 } },
      { name: 'windows-tr2.5-p0.1', matrix: 'windows', params: { noise: 'white', tr: 2.5, p: 0.1 } },
      { name: 'windows-tr2.5-p0.01', matrix: 'windows', params: { noise: 'white', tr: 2.5, p: 0.01 } },
    ]);
  });

  test('replace parameters', async () => {
    const workflow = await load(sound, { experiment: 'windows-tr2.5-p0.01' });
    expect(workflow.experiment).toBe('windows-tr2.5-p0.01');
    expect(step(workflow, 'frames').params.window).toBe(2.5);
    expect(step(workflow, 'group').params.p).toBe(0.01);
    expect((await load(sound, { experiment: 'default' })).params.tr).toBe(2);
  });

  test('name lists by their place and words as folders can hold them', async () => {
    const file = await study(`
      voxreel: 1
      name: x
      params: { a: [], b: '' }
      steps: {}
      experiments: { e: { matrix: { a: [[1], [2, 3]], b: [x/y, 'ü'] } } }
    `);
    const names = (await listExperiments(file)).map(({ name }) => name);
    expect(names).toEqual(['default', 'e-a1-bx_y', 'e-a1-b_', 'e-a2-bx_y', 'e-a2-b_']);
  });

  test('that are unknown are answered with the nearest, a bare matrix with its members', async () => {
    expect(await problemsOf(sound, { experiment: 'strickt' })).toEqual([
      expect.stringMatching(/there is no experiment `strickt` .*Did you mean `strict`/),
    ]);
    expect(await problemsOf(sound, { experiment: 'windows' })).toEqual([
      expect.stringMatching(
        /`windows` is a matrix of experiments \| one of them: `windows-tr1-p0.1`, .*`windows-tr2.5-p0.01`/,
      ),
    ]);
  });

  test('with a wrong value are told at the value, also inside a matrix', async () => {
    const text = sound.replace('p: [0.1, 0.01]', 'p: [0.1, 7]');
    expect(await problemsOf(text, { experiment: 'windows-tr1-p7' })).toEqual([
      expect.stringMatching(/^26:61 `group.with.p` is 7 \(from `experiments.windows-tr1-p7`\)/),
    ]);
  });
});

describe('--set', () => {
  const params = async (set: string[], name = 'frames') => step(await load(sound, { set }), name).params;

  test('sets a parameter of the study, of a step, or a key of an input', async () => {
    expect((await params(['tr=4'])).window).toBe(4);
    expect((await params(['params.tr=4'])).window).toBe(4);
    expect((await params(['fit.noise=red', 'fit.drop=2'], 'fit')).noise).toBe('red');
    expect((await params(['steps.fit.weights.mean=3'], 'fit')).weights).toEqual({ mean: 3 });
    expect((await load(sound, { set: ['inputs.people.task=rest'] })).inputs.get('people')!.spec.task).toBe('rest');
  });

  test('takes the type of what it sets', async () => {
    expect((await params(['frames.tag=1'])).tag).toBe('1');
    expect((await params(['frames.tag=true'])).tag).toBe('true');
    expect((await params(['frames.size=half'])).size).toBe('half');
    expect((await params(['frames.size=640'])).size).toBe(640);
    expect((await params(['fit.layers=first'], 'fit')).layers).toEqual(['first']);
    expect((await params(['fit.layers=first,last'], 'fit')).layers).toEqual(['first', 'last']);
    expect((await params(['fit.layers=[last]'], 'fit')).layers).toEqual(['last']);
    expect((await load(sound, { set: ['inputs.people.task=1'] })).inputs.get('people')!.spec.task).toBe('1');
    expect((await params(['frames.tag=a=b'])).tag).toBe('a=b');
  });

  test('types a parameter of the study by where it is used', async () => {
    const text = sound.replace('tr: 2,', 'tr: 2, tag: x,').replace('window: "', 'tag: "${params.tag}", window: "');
    expect(step(await load(text, { set: ['tag=1'] }), 'frames').params.tag).toBe('1');
    expect((await load(text.replace('tag: "${params.tag}", ', ''), { set: ['tag=1'] })).params.tag).toBe('1');
  });

  test('comes after the experiment', async () => {
    const workflow = await load(sound, { experiment: 'strict', set: ['p=0.5'] });
    expect(step(workflow, 'group').params.p).toBe(0.5);
  });

  test.each([
    ['p=small', /`p` cannot be "small" \| a number from 0 to 1/],
    ['tr=-1', /`tr` cannot be -1 \| a number above 0, in s/],
    ['noise=redd', /`noise` cannot be "redd" .*Did you mean `red`/],
    ['fit.noise=2', /`fit.noise` cannot be 2 \| one of "white", "red"/],
    ['fit.nois=red', /`fit` has no `nois` to set \| .*Did you mean `noise`/],
    ['fitt.noise=red', /there is no step `fitt` .*Did you mean `fit`/],
    ['nise=red', /there is no parameter `nise` .*Did you mean `noise`/],
    ['inputs.peple.task=x', /there is no input `peple` .*Did you mean `people`/],
    ['inputs.people.taks=x', /`people` has no `taks` to set .*Did you mean `task`/],
    ['steps.fit=1', /a whole step cannot be set/],
    ['tr', /this does not set anything/],
    ['=3', /this does not set anything/],
    ['fit.drop=1.5', /`fit.drop` cannot be 1.5 \| a whole number of at least 0, in volumes/],
    ['fit.noise=red', /red noise needs `drop`/],
  ])('refuses %s', async (set, message) => {
    const problems = await problemsOf(sound, { set: [set] });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(message);
    expect(problems[0]).toMatch(new RegExp(`^--set ${set.replaceAll('.', '\\.')} |^16:`));
  });
});

describe('step types of the study', () => {
  const declaration = (version: number) => `
    export default {
      name: 'mine', version: ${version}, title: 'mine', description: '',
      inputs: { film: { type: 'film', description: 'x' } },
      outputs: { report: { type: 'report', description: 'x' } },
      params: { type: 'object', properties: { depth: { type: 'integer', default: 3 } } },
      run: async () => ({}),
    };`;
  const text = `
    voxreel: 1
    name: own
    inputs: { movie: { type: film, path: a.mp4 } }
    steps:
      look: { uses: ./steps/look.js, in: { film: inputs.movie } }
  `;
  const write = async (source: string) => {
    await mkdir(path.join(studyDir, 'steps'), { recursive: true });
    await writeFile(path.join(studyDir, 'steps', 'look.js'), source);
  };

  test('are loaded from a file; its content is part of the identity of results', async () => {
    await write(declaration(1));
    const first = step(await load(text), 'look');
    expect(first.params).toEqual({ depth: 3 });
    expect(first.type.name).toBe('./steps/look.js');
    const before = await first.type.tools!({});
    await write(declaration(2));
    const second = step(await load(text), 'look');
    expect(second.type.version).toBe(2);
    expect(await second.type.tools!({})).not.toEqual(before);
  });

  test.each([
    ['not JavaScript at all', 'export default {', /^5:17 \.\/steps\/look.js cannot be loaded/],
    [
      'no step type',
      'export default { version: 1 };',
      /^5:17 .* is not a step type: it lacks inputs, outputs, params .*, run/,
    ],
    ['no default export', 'export const x = 1;', /^5:17 .* is not a step type/],
    [
      'a port of an unknown type',
      declaration(1).replace("type: 'report'", "type: 'raport'"),
      /port `report` of `look` has the unknown type `raport` .*Did you mean `report`/,
    ],
    [
      'parameters that are no schema',
      declaration(1).replace("'integer'", "'whole'"),
      /the parameters of .* are not a JSON Schema/,
    ],
  ])('that are %s are told with the line that uses them', async (_, source, message) => {
    await write(source);
    expect(await problemsOf(text)).toEqual([expect.stringMatching(message)]);
  });

  test('that do not exist are told', async () => {
    expect(await problemsOf(text.replace('look.js', 'lok.js'))).toEqual([
      expect.stringMatching(/^5:17 the step file .*lok.js cannot be read \(ENOENT\)/),
    ]);
  });
});

describe('the order of steps', () => {
  // Random studies: each step takes pictures or regions of some of the earlier ones.
  const graphs = fc.integer({ min: 1, max: 12 }).chain((size) =>
    fc.record({
      wires: fc.tuple(
        ...Array.from({ length: size }, (_, i) =>
          fc.uniqueArray(fc.nat({ max: Math.max(0, i - 1) }), { maxLength: 4 }),
        ),
      ),
      shuffle: fc.shuffledSubarray(
        Array.from({ length: size }, (_, i) => i),
        { minLength: size },
      ),
    }),
  );
  const textOf = (wires: number[][], order: number[]) =>
    stringify({
      voxreel: 1,
      name: 'random',
      steps: Object.fromEntries(
        order.map((i) => [
          `s${i}`,
          {
            uses: 'program',
            in: i === 0 ? {} : { from: wires[i]!.map((j) => `steps.s${j}`) },
            with: {
              inputs: i === 0 ? {} : { from: { type: 'region', list: true, optional: true, description: 'x' } },
              outputs: { out: { type: 'region', description: 'x' } },
            },
          },
        ]),
      ),
    });

  test('respects every wire, is the same for the same file, and the graph does not depend on the order in the file', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async ({ wires, shuffle }) => {
        const sorted = await load(
          textOf(
            wires,
            wires.map((_, i) => i),
          ),
        );
        const text = textOf(wires, shuffle);
        const shuffled = await load(text);
        const names = ({ steps }: Workflow) => steps.map(({ name }) => name);
        expect(names(await load(text))).toEqual(names(shuffled));
        const wired = ({ steps }: Workflow) =>
          new Set(
            steps.map(({ name, wires: own }) =>
              JSON.stringify([name, [own.from ?? []].flat().map((wire) => (wire as { step: string }).step)]),
            ),
          );
        expect(wired(shuffled)).toEqual(wired(sorted));
        const position = new Map(names(shuffled).map((name, index) => [name, index]));
        wires.forEach((needs, i) => {
          if (i > 0) for (const j of needs) expect(position.get(`s${j}`)!).toBeLessThan(position.get(`s${i}`)!);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('is the order of the file where wires leave it open', async () => {
    const text = textOf([[], [], [], []], [3, 1, 2, 0]);
    const free = parse(text);
    for (const node of Object.values(free.steps) as Record<string, unknown>[]) node.in = {};
    for (const node of Object.values(free.steps) as { with: { inputs: unknown } }[]) node.with.inputs = {};
    expect((await load(stringify(free))).steps.map(({ name }) => name)).toEqual(['s3', 's1', 's2', 's0']);
  });

  test('reports a cycle in a chain of 2,000 steps without exhausting the stack', async () => {
    const size = 2000;
    const steps = Array.from(
      { length: size },
      (_, i) =>
        `  s${i}: { uses: program, in: { x: steps.s${(i + 1) % size} }, with: { inputs: { x: { type: region, description: x } }, outputs: { y: { type: region, description: y } } } }`,
    );
    const problems = await problemsOf(`voxreel: 1\nname: ring\nsteps:\n${steps.join('\n')}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^4:33 these steps wait for each other: `s0` needs `s1`, .* `s1999` needs `s0`/);
  });
});

describe('inputs', () => {
  test('are found all at once and keep their names', async () => {
    const inputs = await resolveInputs(await load(sound), testRegistry);
    expect([...inputs.keys()]).toEqual(['movie', 'people']);
    expect(inputs.get('people')).toHaveLength(3);
  });

  test('that are wrong are reported together, each with its line', async () => {
    const text = sound
      .replace('path: movie.mp4', 'path: missing.mp4')
      .replace('people: 3 }', 'people: 3, blind: [all] }\n    none: { type: cohort, people: 0 }');
    const problems = await failure(load(text).then((workflow) => resolveInputs(workflow, testRegistry)));
    expect(problems.map(describeProblem).map((line) => line.replace(studyDir, ''))).toEqual([
      '/study.yaml:5:30: missing.mp4 does not exist',
      '/study.yaml:6:46: nobody is left',
      '/study.yaml:7:9: `inputs.none` has no items\n  expected: at least one',
    ]);
  });
});

describe('a problem on the terminal', () => {
  test('shows the lines around it, a mark under the fault, what was expected and a hint', async () => {
    const [problem] = await failure(load(sound.replace('noise: "${params.noise}"', 'noise: whit')));
    expect(formatProblem(problem!).replace(/^.*study/, 'study')).toBe(
      [
        'study.yaml:16:20: `fit.with.noise` is "whit"',
        '    14 |     foreach: inputs.people',
        '    15 |     in: { scan: item.scan, region: item.region, pictures: steps.frames }',
        '  > 16 |     with: { noise: whit }',
        '       |                    ^^^^',
        '    17 |   group:',
        '    18 |     uses: pool',
        '  expected: one of "white", "red"',
        '  hint: Did you mean `white`?',
      ].join('\n'),
    );
  });

  test('shows the part of a long line that the mark is in', async () => {
    const long = `note: "${'x'.repeat(300)}", noise: whit`;
    const [, problem] = await failure(load(sound.replace('noise: "${params.noise}"', long)));
    const lines = formatProblem(problem!).split('\n');
    const marked = lines.findIndex((line) => line.trimStart().startsWith('>'));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(160);
    const [from, to] = [lines[marked + 1]!.indexOf('^'), lines[marked + 1]!.lastIndexOf('^') + 1];
    expect(lines[marked]!.slice(from, to)).toBe('whit');
  });

  test('shows tabs so that the mark stands right, and colours only when asked', async () => {
    const [problem] = await failure(load('voxreel: 1\nsteps:\n\ta: 1\n'));
    const text = formatProblem(problem!);
    expect(text).toContain('  > 3 | →a: 1\n      | ^');
    expect(text).not.toContain('\u001b');
    expect(formatProblem(problem!, { color: true })).toContain('\u001b[31m^');
  });

  test('has no frame where there is no text file', () => {
    expect(formatProblem({ message: 'odd', place: { file: '--set a=1' } })).toBe('--set a=1: odd');
    expect(formatProblem({ message: 'odd', place: { file: '/does/not/exist', line: 3, column: 1 } })).toBe(
      '/does/not/exist:3:1: odd',
    );
    expect(formatProblem({ message: 'first\nsecond' })).toBe('first\n  second');
  });
});
