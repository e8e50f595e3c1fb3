import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';
import { loadWorkflow } from '../../engine/spec/load.js';
import type { StepContext } from '../../engine/step-type.js';
import { type CommandParams, commandStep } from '../../steps/command/index.js';
import { registry } from '../../steps/registry.js';
import { newFolder } from '../support/folders.js';
import { madeArtifact, runStep } from '../support/run-step.js';

let workDir: string;
beforeEach(async () => {
  workDir = await newFolder('work');
});

async function artifact(type: string, files: Record<string, string>, meta = {}): Promise<Artifact> {
  const dir = await newFolder('input');
  const paths: Record<string, string> = {};
  for (const [role, text] of Object.entries(files)) {
    paths[role] = path.join(dir, role);
    await mkdir(path.dirname(paths[role]!), { recursive: true });
    await writeFile(paths[role]!, text);
  }
  return madeArtifact(type, { files: paths, meta }, dir);
}

const table = (text: string) => artifact('table', { 'table.tsv': text });

function execute(
  params: Partial<CommandParams> & Pick<CommandParams, 'run'>,
  inputs: StepContext['inputs'] = {},
  signal?: AbortSignal,
) {
  const outputs = { out: { type: 'table', path: 'out.tsv' } };
  return runStep(commandStep, inputs, { outputs, ...params }, { workDir, threads: 3, ...(signal && { signal }) });
}

async function failureOf(promise: Promise<unknown>): Promise<UserError['problems'][number]> {
  const error = await promise.then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).problems[0]!;
}

const outputOf = async (promise: ReturnType<typeof execute>) =>
  readFile((await promise).outputs.out!.files['table.tsv']!, 'utf8');

describe('a command', () => {
  test('without a shell gets its files as arguments and writes its output', async () => {
    const made = execute(
      { run: ['cp', '{in.table}', '{out.out}'], inputs: { table: 'table' } },
      { table: await table('a\n1\n') },
    );
    expect(await outputOf(made)).toBe('a\n1\n');
  });

  test('as a text runs in the shell, with pipes, and braces of its own', async () => {
    const run = "sort -rn {in.table} | awk '{print $1 * 2}' > {out.out} # {threads}";
    const made = execute({ run, inputs: { table: 'table' } }, { table: await table('1\n3\n2\n') });
    expect(await outputOf(made)).toBe('6\n4\n2\n');
  });

  test('may be a script of the study, here Node itself', async () => {
    const script = await artifact('file', {
      file: "const fs = require('fs'); fs.writeFileSync(process.argv[3], fs.readFileSync(process.argv[2], 'utf8').toUpperCase());",
    });
    const made = execute(
      { run: [process.execPath, '{in.script}', '{in.table}', '{out.out}'], inputs: { script: 'file', table: 'table' } },
      { script, table: await table('name\nx\n') },
    );
    expect(await outputOf(made)).toBe('NAME\nX\n');
  });

  test('sees the same relative paths on every run, an empty folder, and the facts beside its inputs', async () => {
    const fits = await Promise.all([1, 2].map((n) => artifact('fit', { 'a.npy': `${n}`, 'b.npy': 'x' }, { tr: n })));
    const made = execute(
      {
        run: "echo {in.one} {in.fits} {in.fits}/a.npy {threads} > {out.out}; cat in/fits.json | tr -d ' \\n' >> {out.out}; find . -type l | sort >> {out.out}",
        inputs: { one: 'table', fits: { type: 'fit', list: true } },
      },
      { one: await table('x\n'), fits },
    );
    expect(await outputOf(made)).toBe(
      [
        'in/one/table.tsv in/fits/1 in/fits/2 in/fits/1 in/fits/2/a.npy 3',
        '[{"type":"fit","meta":{"tr":1}},{"type":"fit","meta":{"tr":2}}]./in/fits/1/a.npy',
        './in/fits/1/b.npy',
        './in/fits/2/a.npy',
        './in/fits/2/b.npy',
        './in/one/table.tsv',
        '',
      ].join('\n'),
    );
  });

  test('gets a list alone as one argument each', async () => {
    const tables = await Promise.all(['a\n', 'b\n', 'c\n'].map(table));
    const run = ['sh', '-c', 'out=$1; shift; cat "$@" > "$out"', 'sh', '{out.out}', '{in.tables}'];
    expect(await outputOf(execute({ run, inputs: { tables: { type: 'table', list: true } } }, { tables }))).toBe(
      'a\nb\nc\n',
    );
  });

  test('gets variables, and a temporary folder inside its work folder', async () => {
    const made = execute({ run: 'echo "$WORD $TMPDIR" > {out.out}; test -d "$TMPDIR"', env: { WORD: 'hello' } });
    expect(await outputOf(made)).toBe(`hello ${workDir}/tmp\n`);
  });

  test('may have outputs in folders that do not exist yet, with names that need quotes', async () => {
    const outputs = { out: { type: 'table', path: "it's a/new table.tsv" } };
    expect(await outputOf(execute({ run: 'echo a > {out.out}', outputs }))).toBe('a\n');
  });

  test('writes an output that says more, like an input of its type', async () => {
    const outputs = { out: { type: 'series', path: 's.tsv', interval: 2 } };
    const { outputs: made } = await execute({ run: "printf 'k1\\tk2\\n1\\t2\\n' > {out.out}", outputs });
    expect(made.out!.meta).toMatchObject({ interval: 2 });
    expect(Object.values(made.out!.files)).toEqual([path.join(workDir, 's.tsv')]);
  });

  test('writes an output of many files as a folder, with its facts', async () => {
    const outputs = { out: { type: 'description', path: 'result', meta: { r: -0.1 } } };
    const { outputs: made } = await execute({
      run: 'mkdir -p {out.out}/sub; cd {out.out}; for f in pca layer_series layer_correlation pairs sub/x; do echo a > $f.tsv; done',
      outputs,
    });
    const roles = ['layer_correlation.tsv', 'layer_series.tsv', 'pairs.tsv', 'pca.tsv', 'sub/x.tsv'];
    expect(made.out).toMatchObject({
      meta: { r: -0.1 },
      files: Object.fromEntries(roles.map((role) => [role, path.join(workDir, 'result', role)])),
    });
  });

  test('passes on that something comes from untrained weights', async () => {
    const input = { ...(await table('a\n')), meta: { untrained: true } };
    const { outputs: made } = await execute({ run: 'cp {in.t} {out.out}', inputs: { t: 'table' } }, { t: input });
    expect(made.out!.meta).toMatchObject({ untrained: true });
  });

  test('that links its output to an input gives a file of its own', async () => {
    const input = await table('a\n');
    const { outputs: made } = await execute(
      { run: 'ln -s ../work/x dangling; ln -s {in.t} {out.out}', inputs: { t: 'table' } },
      { t: input },
    );
    const file = made.out!.files['table.tsv']!;
    expect(path.relative(workDir, file)).not.toMatch(/^\.\./);
    await writeFile(file, 'changed');
    expect(await readFile(input.files['table.tsv']!, 'utf8')).toBe('a\n');
  });
});

describe('a command that fails', () => {
  test('is told with its exit code and the last lines it wrote', async () => {
    const run = 'for i in $(seq 1 40); do echo "line $i" >&2; done; exit 3';
    const { message, keys } = await failureOf(execute({ run }));
    expect(message).toMatch(/^the command ended with exit code 3; it wrote:\nline 26\n(line \d+\n)+line 40$/);
    expect(keys).toEqual(['run']);
  });

  test('is told with what it wrote to stdout when stderr is empty', async () => {
    expect((await failureOf(execute({ run: 'echo only here; exit 1' }))).message).toMatch(
      /exit code 1; it wrote:\nonly here$/,
    );
    expect((await failureOf(execute({ run: ['false'] }))).message).toBe(
      '`false` ended with exit code 1 and wrote nothing',
    );
  });

  test('because it does not exist is told by name', async () => {
    expect((await failureOf(execute({ run: ['no-such-program-here', 'x'] }))).message).toBe(
      '`no-such-program-here` was not found',
    );
    expect((await failureOf(execute({ run: 'no-such-program-here' }))).hint).toMatch(/not found/);
  });

  test('because a signal ended it is told', async () => {
    const { message, hint } = await failureOf(execute({ run: 'kill -9 $$' }));
    expect(message).toMatch(/was ended by SIGKILL/);
    expect(hint).toMatch(/memory/);
  });

  test('to write its output is told with what it did write', async () => {
    const { message, hint, keys } = await failureOf(execute({ run: 'echo a > outt.tsv' }));
    expect(message).toBe('the command did not write out.tsv (output `out`)');
    expect(hint).toMatch(/In the work folder is outt\.tsv\./);
    expect(keys).toEqual(['outputs', 'out', 'path']);
  });

  test('by writing to its input is told', async () => {
    const input = await table('a\n');
    const { message } = await failureOf(
      execute({ run: 'echo b >> {in.t}; cp {in.t} {out.out}', inputs: { t: 'table' } }, { t: input }),
    );
    expect(message).toMatch(/^the command wrote to its input in\/t\/table\.tsv/);
  });

  test('after much output keeps little of it in memory', async () => {
    const { message } = await failureOf(execute({ run: 'head -c 50000000 /dev/zero | tr "\\0" "x" >&2; exit 1' }));
    expect(message.length).toBeLessThan(5000);
  });
});

describe('an interrupted command', () => {
  /** Processes whose command line holds a word that only this test uses. */
  async function alive(word: string): Promise<number> {
    let count = 0;
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (line.includes(word) && Number(pid) !== process.pid) count++;
    }
    return count;
  }
  const soon = async (condition: () => Promise<boolean>, ms: number) => {
    const end = performance.now() + ms;
    while (!(await condition()) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    return condition();
  };

  test.each([
    ['ends with all that it started', 'sleep 61.SEED & sleep 61.SEED; true'],
    ['ends though it ignores SIGTERM', "trap '' TERM; sleep 61.SEED; sleep 61.SEED"],
  ])('%s, within 2 s', async (_, run) => {
    const word = `61.${process.pid}${Math.floor(performance.now())}`;
    const stop = new AbortController();
    const running = execute({ run: run.replaceAll('61.SEED', word) }, {}, stop.signal);
    running.catch(() => {});
    expect(await soon(async () => (await alive(word)) > 0, 5000)).toBe(true);
    const start = performance.now();
    stop.abort(new Error('interrupted'));
    await expect(running).rejects.toThrow('interrupted');
    expect(performance.now() - start).toBeLessThan(2000);
    expect(await soon(async () => (await alive(word)) === 0, 500)).toBe(true);
  });

  test('that has finished leaves nothing running', async () => {
    const word = `62.${process.pid}`;
    const start = performance.now();
    await execute({ run: `sleep ${word} & echo a > {out.out}` });
    expect(performance.now() - start).toBeLessThan(5000);
    expect(await soon(async () => (await alive(word)) === 0, 500)).toBe(true);
  });
});

describe('a command in a workflow file', () => {
  const problemsOf = async (lines: string) => {
    const file = path.join(workDir, 'study.yaml');
    await writeFile(
      file,
      `voxreel: 1\nname: x\ninputs: { t: { type: table, path: t.tsv } }\nsteps:\n  c:\n    uses: command\n    in: { t: inputs.t }\n    with:\n${lines}`,
    );
    try {
      const workflow = await loadWorkflow(file, { registry });
      return workflow.steps[0]!.ports;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return error.problems.map(({ message, place, expected, hint }) =>
        [`${place?.line}:${place?.column} ${message}`, expected, hint].filter(Boolean).join(' | '),
      );
    }
  };

  test('declares its ports', async () => {
    expect(
      await problemsOf(
        `      run: [cp, "{in.t}", "{out.o}"]\n      inputs: { t: table }\n      outputs: { o: { type: table, path: o.tsv } }\n`,
      ),
    ).toEqual({
      inputs: { t: { type: 'table', description: 'Handed to the program.' } },
      outputs: { o: { type: 'table', description: 'Written by the program.' } },
    });
  });

  test.each([
    [
      'a placeholder without port',
      '      run: [cp, "{in.tt}", "{out.o}"]\n      inputs: { t: table }\n',
      /^9:17 `\{in.tt\}` names no port under `inputs` \| `t` \| Did you mean `t`/,
    ],
    [
      'an unknown type of an input',
      '      run: x\n      inputs: { t: tabel }\n',
      /^10:20 port `t` of `c` has the unknown type `tabel` .*Did you mean `table`/,
    ],
    [
      'a wrong type on the wire',
      '      run: x\n      inputs: { t: bold }\n',
      /^7:14 `t` of `c` takes `bold`, but `inputs.t` gives `table`/,
    ],
    [
      'a list inside an argument',
      '      run: [cat, "-{in.t}"]\n      inputs: { t: { type: table, list: true } }\n',
      /^9:18 `\{in.t\}` is a list and cannot be part of an argument/,
    ],
    [
      'an unknown key of a port',
      '      run: x\n      inputs: { t: { type: table, lst: true } }\n',
      /^10:35 unknown key `lst` .*Did you mean `list`/,
    ],
  ])('is refused for %s, with its line', async (_, lines, message) => {
    expect(await problemsOf(`${lines}      outputs: { o: { type: table, path: o.tsv } }\n`)).toEqual([
      expect.stringMatching(message),
    ]);
  });

  test.each([
    ['a path outside', 'type: table, path: ../o.tsv', /^11:42 `\.\.\/o.tsv` is not a path inside the work folder/],
    ['an absolute path', 'type: table, path: /o.tsv', /^11:42 `\/o.tsv` is not a path inside/],
    ['a key that the type does not have', 'type: table, path: o.tsv, tr: 2', /^11:\d+ unknown key `tr` in `outputs.o`/],
    ['no type', 'path: o.tsv', /^11:21 `type` is missing/],
    ['an unknown type', 'type: tabel, path: o.tsv', /^11:29 port `o` of `c` has the unknown type `tabel`/],
    ['a collection', 'type: bids, path: o', /^11:29 port `o` of `c` has the unknown type `bids`/],
  ])('is refused for an output with %s', async (_, output, message) => {
    const lines = `      run: x\n      inputs: { t: table }\n      outputs: { o: { ${output} } }\n`;
    expect(await problemsOf(lines)).toEqual([expect.stringMatching(message)]);
  });

  test('has the answer of its version command in its identity', async () => {
    const params = { run: 'x', inputs: {}, outputs: {}, env: {} };
    expect(await commandStep.tools!(params)).toEqual({});
    expect(await commandStep.tools!({ ...params, version: ['echo', '4.1'] })).toEqual({ echo: '4.1' });
    expect(await commandStep.tools!({ ...params, version: 'echo 4 >&2' })).toEqual({ 'echo 4 >&2': '4' });
    expect((await failureOf(commandStep.tools!({ ...params, version: ['no-such-program'] }))).keys).toEqual([
      'version',
    ]);
  });
});
