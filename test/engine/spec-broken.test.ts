// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the workflow file
import { describe, expect, test } from 'vitest';
import { dedent, problemsOf, sound } from './spec-file.js';

/** The sound study with some of its text replaced; » stands before each place where a problem is due. */
function broken(...changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the study has no ${from}`);
    return text.replace(from, to);
  }, sound);
}

const cases: { name: string; text: string; found: readonly RegExp[] }[] = [
  // The file as YAML
  { name: 'nothing in it', text: '»\n', found: [/^the workflow file is empty/] },
  { name: 'a list', text: '»- voxreel: 1\n', found: [/^the file holds a list, not a workflow/] },
  {
    name: 'tab indentation',
    text: 'voxreel: 1\nsteps:\n»\ta:\n»\t  uses: cut\n',
    found: [/^.*indented with a tab .*spaces/, /^.*tab/],
  },
  {
    name: 'a tab in a file that is sound otherwise',
    text: 'voxreel: 1\nsteps:\n  a:\n»\tuses: cut\n    with: {}\n  b: { uses: cut }\n',
    found: [/^.*indented with a tab/],
  },
  {
    name: 'a missing colon, and nothing about the sound lines after it',
    text: 'voxreel: 1\nsteps:\n  a { uses: »cut, in: { text: b } }\n  b:\n    uses: cut\n    with: {}\n',
    found: [/^this is not valid YAML: nested mappings/],
  },
  {
    name: 'a missing bracket',
    text: 'voxreel: 1\nparams: { tr: 2\n»name: x\n',
    found: [/^this is not valid YAML: .*}.*line above/],
  },
  {
    name: 'a missing quote',
    text: 'voxreel: 1\nname: "x\n»',
    found: [/^this is not valid YAML: missing closing "quote/],
  },
  { name: 'two documents', text: 'voxreel: 1\n»---\nname: x\n', found: [/^a second YAML document/] },
  { name: 'a tag', text: 'voxreel: »!!js/function x\n', found: [/^unknown tag/] },
  {
    name: 'duplicate key',
    text: broken(['params: {', '»name: day\n  params: {']),
    found: [/^the key `name` is written twice .*remove/i],
  },
  { name: 'unknown alias', text: 'voxreel: »*one\n', found: [/^the alias `\*one` has no anchor `&one`/] },
  { name: 'alias of itself', text: 'voxreel: &a [»*a]\n', found: [/^the alias `\*a` contains itself/] },
  {
    name: 'anchor bomb',
    text: `a: &a [${'x, '.repeat(9)}x]\n${[...'bcdefgh'].map((key, i) => `${key}: &${key} [${`*${'abcdefg'[i]}, `.repeat(9)}${key === 'e' ? '»' : ''}*${'abcdefg'[i]}]`).join('\n')}\n`,
    found: [/^the aliases of this file stand for more than 100000 values/],
  },

  // The frame
  {
    name: 'no version',
    text: broken(['voxreel: 1', '»description: x']),
    found: [/^`voxreel` is missing \| `voxreel`: 1/],
  },
  { name: 'another version', text: broken(['voxreel: 1', 'voxreel: »2']), found: [/^`voxreel` is 2 \| 1/] },
  {
    name: 'a name that is no folder',
    text: broken(['name: night', 'name: »a/b']),
    found: [/^`name` is "a\/b" \| letters, digits/],
  },
  {
    name: 'unknown top-level key',
    text: broken(['outputs:', '»output:']),
    found: [/^unknown key `output` \| .*`steps`.* \| Did you mean `outputs`\?/],
  },
  { name: 'no steps', text: 'voxreel: 1\nname: x\nsteps: »{}\n', found: [/^`steps` is empty/] },
  { name: 'steps without value', text: 'voxreel: 1\nname: x\n»steps:\n', found: [/^`steps` has no value/] },
  {
    name: 'a name of a step with a dot',
    text: broken(['group:', '»group.a:'], ['steps.group', 'steps.fit.report']),
    found: [/^`group.a` is not a valid name \| letters, digits/],
  },
  {
    name: 'unknown key of a step',
    text: broken(['uses: pool', 'uses: pool\n      »foreech: inputs.people']),
    found: [/^unknown key `foreech` in `steps.group` .*Did you mean `foreach`/],
  },
  {
    name: 'a step without uses',
    text: broken(['group:', '»group:'], ['uses: pool\n', '\n']),
    found: [/^`uses` is missing in `steps.group`/],
  },
  {
    name: 'a text where a map is due',
    text: broken(['in: { fits: steps.fit }', 'in: »steps.fit']),
    found: [/^`steps.group.in` is "steps.fit" \| a map/],
  },

  // Types of inputs and steps, and their parameters
  {
    name: 'unknown step type',
    text: broken(['uses: model', 'uses: »modle']),
    found: [/^there is no step type `modle` \| `cut`, `model`, .*Did you mean `model`/],
  },
  {
    name: 'unknown input type',
    text: broken(['type: film', 'type: »flim']),
    found: [/^there is no input type `flim` \| `film`, `scan` or `cohort` \| Did you mean `film`/],
  },
  {
    name: 'an input of a type that only steps make',
    text: broken(['type: film, path', 'type: »fit, path']),
    found: [/^a `fit` comes out of a step and cannot be an input/],
  },
  {
    name: 'unknown key of an input',
    text: broken(['path: movie.mp4', 'path: movie.mp4, »sped: 25']),
    found: [/^unknown key `sped` in `inputs.movie` .*Did you mean `speed`/],
  },
  {
    name: 'an input without its file',
    text: broken(['type: film, path: movie.mp4', 'type: film'], ['movie: {', 'movie: »{']),
    found: [/^`path` is missing in `inputs.movie` \| `path`: text \| The file\./],
  },
  {
    name: 'unknown parameter of a step',
    text: broken(['noise: "', '»nose: "']),
    found: [/^unknown key `nose` in `fit.with` \| `noise`, .*Did you mean `noise`/],
  },
  {
    name: 'a reference without its end',
    text: broken(['p: "${params.p}"', 'p: »"${params.p"']),
    found: [/^`group.with.p` is "\$\{params.p" .*lacks its closing `\}`/],
  },
  {
    name: 'a text where a number is due',
    text: broken(['p: "${params.p}"', 'p: »small']),
    found: [/^`group.with.p` is "small" \| a number from 0 to 1/],
  },
  {
    name: 'a number in quotes',
    text: broken(['p: "${params.p}"', 'p: »"0.5"']),
    found: [/^`group.with.p` is "0.5" .*without quotes: 0.5/],
  },
  {
    name: 'a number where a text is due',
    text: broken(['window:', 'tag: »5, window:']),
    found: [/^`frames.with.tag` is 5 \| text \| Put it in quotes: "5"/],
  },
  {
    name: 'a value out of range, with its unit',
    text: broken(['window: "${params.tr}"', 'window: »-2']),
    found: [/^`frames.with.window` is -2 \| a number above 0, in s/],
  },
  {
    name: 'not one of the choices',
    text: broken(['noise: "${params.noise}"', 'noise: »whit']),
    found: [/^`fit.with.noise` is "whit" \| one of "white", "red" \| Did you mean `white`/],
  },
  {
    name: 'no branch of a choice',
    text: broken(['window:', 'size: »quarter, window:']),
    found: [/^`frames.with.size` is "quarter" \| one of "full", "half", or a whole number of at least 1/],
  },
  {
    name: 'the branch that was meant',
    text: broken(['window:', 'size: »0, window:']),
    found: [/^`frames.with.size` is 0 \| a whole number of at least 1, in px/],
  },
  {
    name: 'a wrong item of a list',
    text: broken(['noise: "', 'layers: [first, »secnd], noise: "']),
    found: [/^`fit.with.layers\[1\]` is "secnd" \| one of "first", "last"/],
  },
  {
    name: 'an item twice',
    text: broken(['noise: "', 'layers: »[first, first], noise: "']),
    found: [/^`fit.with.layers` is \["first","first"\] .*none twice/],
  },
  {
    name: 'a required parameter left out',
    text: broken(['group:', '»group:'], ['with: { p: "${params.p}" }', '\n']),
    found: [/^`p` is missing in `group.with` \| `p`: a number from 0 to 1/],
  },
  {
    name: 'a rule of the step',
    text: broken(['noise: "${params.noise}"', 'noise: red, drop: »1']),
    found: [/^red noise needs `drop` of 2 or more/],
  },
  {
    name: 'unknown parameter of the study',
    text: broken(['"${params.noise}', '»"${params.nois}']),
    found: [/^there is no parameter `nois` under `params` \| `tr`, `noise` or `p` \| Did you mean `noise`/],
  },
  {
    name: 'another kind of reference',
    text: broken(['"${params.noise}', '»"${steps.frames}']),
    found: [/^`\$\{steps.frames\}` is not a parameter .*bare `steps.frames`/],
  },
  {
    name: 'a parameter without params.',
    text: broken(['"${params.noise}', '»"${noise}']),
    found: [/^`fit.with.noise` is "\$\{noise\}" .*`\$\{params.noise\}`/],
  },
  {
    name: 'a list inside a text',
    text: broken(['tr: 2', 'tr: [2]'], ['window: "${params.tr}"', 'tag: »"a${params.tr}"']),
    found: [/^`\$\{params.tr\}` is a list and cannot be part of a text/],
  },
  {
    name: 'a wrong value in params',
    text: broken(['p: 0.001', 'p: »7']),
    found: [/^`group.with.p` is 7 \(from `params.p`\) \| a number from 0 to 1/],
  },
  {
    name: 'a parameter that refers to another',
    text: broken(['noise: white', 'noise: »"${params.p}"']),
    found: [/^a parameter cannot refer to another/],
  },
  { name: 'not a number', text: broken(['tr: 2', 'tr: ».nan']), found: [/^NaN is not a value for a parameter/] },

  // Wires
  {
    name: 'unknown step',
    text: broken(['steps.frames', '»steps.frame']),
    found: [/^there is no step `frame` \| .*Did you mean `frames`/],
  },
  {
    name: 'unknown input',
    text: broken(['inputs.movie', '»inputs.film']),
    found: [/^there is no input `film` \| `movie` or `people`/],
  },
  {
    name: 'a step named as an input',
    text: broken(['steps.frames', '»inputs.frames']),
    found: [/^there is no input `frames` .*There is a step of that name: `steps.frames`/],
  },
  {
    name: 'unknown input port',
    text: broken(['region: item.region', '»regoin: item.region']),
    found: [/^`fit` has no input port `regoin` .*Did you mean `region`/],
  },
  {
    name: 'a parameter under in',
    text: broken(['region: item.region', '»drop: »2']),
    found: [/^`fit` has no input port `drop` .*write it under `with`/, /^`steps.fit.in.drop` is 2/],
  },
  {
    name: 'unknown output',
    text: broken(['fits: steps.fit', 'fits: »steps.fit.map']),
    found: [/^there is no output `map` in `fit` \| `fit` or `report`/],
  },
  {
    name: 'unknown item port',
    text: broken(['item.region', '»item.regio']),
    found: [/^there is no port `regio` in the items of `inputs.people` \(`cohort`\) .*Did you mean `region`/],
  },
  {
    name: 'wrong type',
    text: broken(['fits: steps.fit', 'fits: »steps.frames']),
    found: [
      /^`fits` of `group` takes `fit`, but `steps.frames` gives `pictures` \| `fit` \(a fit of one person\) \| This gives one: `steps.fit`/,
    ],
  },
  {
    name: 'not a wire',
    text: broken(['inputs.movie', '»movie.mp4']),
    found: [/^`movie.mp4` is not a wire \| `inputs.name`/],
  },
  {
    name: 'a wire as a parameter',
    text: broken(['inputs.movie', '»"${inputs.movie}"']),
    found: [/^`\$\{inputs.movie\}` is not a wire .*bare reference/],
  },
  {
    name: 'a required port without wire',
    text: broken([', pictures: steps.frames', ''], ['in: { scan', '»in: { scan']),
    found: [
      /^`fit` needs something at `in.pictures`: what was seen \| `pictures` \(pictures\) \| This gives one: `steps.frames`/,
    ],
  },
  {
    name: 'a fan-out into a port for one',
    text: broken(
      ['foreach: inputs.people\n', '\n'],
      ['scan: item.scan, region: item.region', 'scan: »inputs.people.scan'],
    ),
    found: [
      /^`inputs.people.scan` gives one `scan` for each of `inputs.people`, but `scan` of `fit` takes one .*Add `foreach: inputs.people` to `fit`, and wire `item.scan`/,
    ],
  },
  {
    name: 'a fanned-out step into a port for one',
    text: broken([
      'group:',
      'next:\n      uses: model\n      in: { scan: »inputs.movie, pictures: steps.frames, region: »steps.fit.report }\n    group:',
    ]),
    found: [
      /^`scan` of `next` takes `scan`, but `inputs.movie` gives `film`/,
      /^`region` of `next` takes `region`, but `steps.fit.report` gives `report`/,
    ],
  },
  {
    name: 'item without foreach',
    text: broken(['fits: steps.fit', 'fits: steps.fit, regions: »item.region']),
    found: [/^`item.region` has no meaning in `group`, which has no `foreach` .*foreach: inputs.people/],
  },
  {
    name: 'a collection as a whole',
    text: broken(['fits: steps.fit', 'fits: steps.fit, regions: »inputs.people']),
    found: [/^`inputs.people` is a collection \(`cohort`\), which cannot be wired as a whole/],
  },
  {
    name: 'unknown port of a collection',
    text: broken(['fits: steps.fit', 'fits: steps.fit, regions: »inputs.people.area']),
    found: [/^there is no port `area` in the items of `inputs.people`/],
  },
  {
    name: 'a port of a single input',
    text: broken(['inputs.movie', '»inputs.movie.film']),
    found: [/^`inputs.movie` is one `film` and has no port `film`/],
  },
  {
    name: 'foreach over a single input',
    text: broken(['foreach: inputs.people', 'foreach: »inputs.movie']),
    found: [/^`inputs.movie` is one `film`, not a collection \| a collection: `inputs.people`/],
  },
  {
    name: 'foreach in a study without collections',
    text: 'voxreel: 1\nname: x\ninputs:\n  movie: { type: film, path: m }\nsteps:\n  a: { uses: cut, foreach: »inputs.movie, in: { film: inputs.movie } }\n',
    found: [/^`inputs.movie` is one `film`, not a collection \| .*type `cohort`.*none/],
  },
  {
    name: 'foreach over nothing',
    text: broken(['foreach: inputs.people', 'foreach: »inputs.persons']),
    found: [/^there is no input `persons`/],
  },
  {
    name: 'foreach that is no reference',
    text: broken(['foreach: inputs.people', 'foreach: »people']),
    found: [/^`foreach: people` is not a reference/],
  },
  {
    name: 'foreach over a step that runs once',
    text: broken(
      ['foreach: inputs.people', 'foreach: »steps.frames'],
      ['scan: item.scan, region: item.region, ', 'scan: inputs.people.scan, '],
    ),
    found: [/^`steps.frames` runs once/],
  },
  {
    name: 'two collections',
    text: broken(
      ['people: { type', 'others: { type: cohort, people: 2 }\n    people: { type'],
      [
        'group:',
        'again:\n      uses: model\n      foreach: inputs.others\n      in: { scan: item.scan, pictures: steps.frames, region: »inputs.people.region }\n    group:',
      ],
    ),
    found: [/^`again` runs for each of `inputs.others`, but `inputs.people.region` belongs to `inputs.people`/],
  },
  {
    name: 'a list into a port for one',
    text: broken(['pictures: steps.frames', 'pictures: »[steps.frames]']),
    found: [/^`pictures` of `fit` takes one `pictures`, not a list/],
  },
  {
    name: 'an empty list',
    text: broken(['fits: steps.fit', 'fits: »[]']),
    found: [/^`fits` of `group` is an empty list/],
  },
  {
    name: 'a cycle',
    text: broken(['region: item.region', 'region: »steps.group']),
    found: [/^these steps wait for each other: `fit` needs `group`, `group` needs `fit`/],
  },
  {
    name: 'a step that needs itself',
    text: broken(['region: item.region', 'region: »»steps.fit']),
    found: [/^`region` of `fit` takes/, /^`fit` needs its own result/],
  },

  // Ports written in the file
  {
    name: 'an unknown type of a port',
    text: broken([
      'group:',
      'own: { uses: program, with: { outputs: { x: { type: »regoin, description: x } } } }\n    group:',
    ]),
    found: [/^port `x` of `own` has the unknown type `regoin` .*Did you mean `region`/],
  },

  // Outputs and experiments
  {
    name: 'an output that cannot be published',
    text: broken(['steps.fit.report', '»steps.fit']),
    found: [/^`steps.fit` is of type `fit`, which has no form for publishing \| a result of type `region` or `report`/],
  },
  {
    name: 'an output of an input',
    text: broken(['where: steps.group', 'where: »inputs.movie']),
    found: [/^`inputs.movie` is not the result of a step/],
  },
  {
    name: 'an output of no step',
    text: broken(['where: steps.group', 'where: »steps.grop']),
    found: [/^there is no step `grop` .*Did you mean `group`/],
  },
  {
    name: 'an experiment of an unknown parameter',
    text: broken(['strict: { p:', 'strict: { »q:']),
    found: [/^there is no parameter `q` under `params`/],
  },
  {
    name: 'a matrix of an unknown parameter',
    text: broken(['matrix: { tr:', 'matrix: { »trr:']),
    found: [/^there is no parameter `trr` under `params` .*Did you mean `tr`/],
  },
  {
    name: 'a matrix without values',
    text: broken(['tr: [1, 2.5]', 'tr: »[]']),
    found: [/^`experiments.windows.matrix.tr` is \[\] \| a list \(at least 1 item\)/],
  },
  {
    name: 'a value both fixed and varied',
    text: broken(['noise: white, matrix', 'tr: 1, matrix'], ['tr: [1,', '»tr: [1,']),
    found: [/^`tr` is both a fixed value and part of the matrix/],
  },
  {
    name: 'the same experiment twice',
    text: broken(['tr: [1, 2.5]', 'tr: [1, »»1]']),
    found: [/^the experiment `windows-tr1-p0.1` exists twice/, /./],
  },
  {
    name: 'an experiment named default',
    text: broken(['strict:', '»default:']),
    found: [/^`default` is the name of the study without an experiment/],
  },
];

/** `line:column` of every » of a text, counted without the marks themselves. */
function marks(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      [...line.matchAll(/»/g)].map((mark, before) => `${index + 1}:${mark.index - before + 1}`),
    );
}

describe('a broken workflow file is told with its line, what was expected and the nearest name', () => {
  test.each(cases)('$name', async ({ text, found }) => {
    const marked = dedent(text);
    const problems = await problemsOf(marked.replaceAll('»', ''));
    const places = problems.map((problem) => problem.split(' ')[0]);
    expect(problems.join('\n')).toMatch(/./);
    expect(places).toEqual(marks(marked));
    found.forEach((pattern, index) => {
      expect(problems[index]!.slice(problems[index]!.indexOf(' ') + 1)).toMatch(pattern);
    });
  });
});
