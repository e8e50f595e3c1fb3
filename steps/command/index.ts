import type { JsonSchema } from '../../artifacts/artifact.js';
import { artifactTypes } from '../../artifacts/types.js';
import type { Problem } from '../../artifacts/user-error.js';
import { checkValue } from '../../engine/spec/check-value.js';
import { inputSchema, NAME_PATTERN } from '../../engine/spec/schema.js';
import type { Ports, StepType } from '../../engine/step-type.js';
import { type CommandLine, checkPlaceholders } from './placeholders.js';

/** `table`, or `{ type: fit, list: true }`. */
export type DeclaredInput = string | { readonly type: string; readonly list?: boolean; readonly description?: string };

export interface DeclaredOutput {
  readonly type: string;
  /** Relative to the work folder. */
  readonly path: string;
  readonly [key: string]: unknown;
}

export interface CommandParams {
  readonly run: CommandLine;
  readonly inputs: Readonly<Record<string, DeclaredInput>>;
  readonly outputs: Readonly<Record<string, DeclaredOutput>>;
  readonly env: Readonly<Record<string, string>>;
  readonly version?: CommandLine;
}

const commandLine: JsonSchema = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string' }, minItems: 1 },
  ],
};
const portName = { pattern: NAME_PATTERN };

export const commandStep: StepType<CommandParams> = {
  name: 'command',
  version: 1,
  title: 'Any program, with declared inputs and outputs',
  description: `
Runs a program (Python, R, AFNI, a container) as a step. What flows in and out is declared, so that the program's
results are cached, checked and wired like any others.

- **\`run\`** is a list (the program and its arguments, no shell) or a text (handed to \`/bin/sh\`, with pipes and
  redirections; paths are quoted). Placeholders: \`{in.port}\`, \`{out.port}\`, \`{threads}\` (threads that the step may
  use). Other braces stay as they are.
- The program starts in an **empty work folder**; all paths it gets are relative to it and the same on every run.
- **\`{in.port}\`** is the file (\`in/port/table.tsv\`) or, for types of several files, the folder that holds them
  (\`{in.fit}/bold.npy\`). A port with \`list: true\` holds the folders or files \`in/port/1/…\`, \`in/port/2/…\` in the
  order of the fan-out; alone in a list of arguments it becomes one argument each. The facts of an artifact (TR, units)
  are in \`in/port.json\`. Files are links: they must not be written to.
- **\`outputs\`**: a type and a path that the program writes. It is read like an entry of \`inputs\` of that type, with the
  same keys (\`{ type: bold, path: out.nii.gz, tr: 2 }\`). For types that cannot be inputs, \`path\` is a folder whose files
  are the artifact's, and \`meta\` its facts.
- Scripts of the study come in as an input of type \`file\`, so that their **content** is part of the key.
  Programs that are installed are not looked into: \`version\` names a command whose output becomes part of the key
  (\`[R, --version]\`).
- The program inherits the environment, with \`env\` on top; TMPDIR is inside the work folder. It must give the same result
  for the same inputs: time, host names and network are not in the key.
- A non-zero exit code, an output that was not written, or a changed input fail the step, with the last lines the
  program wrote. When a run is interrupted the program and all it started are ended (SIGTERM, after 1 s SIGKILL).`,
  inputs: {},
  outputs: {},
  example: {
    name: 'residual',
    in: { script: 'inputs.script', table: 'inputs.ratings' },
    with: {
      run: 'python3 {in.script} {in.table} {out.summary}',
      inputs: { script: 'file', table: 'table' },
      outputs: { summary: { type: 'table', path: 'summary.tsv' } },
    },
  },
  params: {
    type: 'object',
    properties: {
      run: {
        ...commandLine,
        examples: ['sort {in.table} > {out.sorted}'],
        description: 'Program and arguments (a list), or a line for the shell (a text).',
      },
      inputs: {
        type: 'object',
        propertyNames: portName,
        additionalProperties: {
          anyOf: [
            { type: 'string', description: 'Type of artifact.' },
            {
              type: 'object',
              properties: {
                type: { type: 'string', description: 'Type of artifact.' },
                list: { type: 'boolean', description: 'Takes every member of a fan-out at once.' },
                description: { type: 'string', description: 'What it is for.' },
              },
              required: ['type'],
              additionalProperties: false,
            },
          ],
        },
        default: {},
        description: 'Input ports: name and type of artifact.',
      },
      outputs: {
        type: 'object',
        propertyNames: portName,
        minProperties: 1,
        additionalProperties: {
          type: 'object',
          properties: {
            type: { type: 'string', description: 'Type of artifact.' },
            path: {
              type: 'string',
              minLength: 1,
              description: 'What the program writes, relative to the work folder.',
            },
          },
          required: ['type', 'path'],
        },
        description:
          'Output ports: type, path, and what else an input of that type says. The first is what a bare `steps.name` means.',
      },
      env: {
        type: 'object',
        additionalProperties: { type: 'string' },
        default: {},
        description: 'Environment variables to set.',
      },
      version: {
        ...commandLine,
        examples: [['python3', '--version']],
        description: 'Command that prints the version of the program, for the key.',
      },
    },
    required: ['run', 'outputs'],
  },
  dynamicPorts({ inputs, outputs }): Ports {
    const input = ([name, declared]: [string, DeclaredInput]) => {
      const {
        type,
        list,
        description = 'Handed to the program.',
      } = typeof declared === 'string' ? { type: declared } : declared;
      return [name, { type, description, ...(list ? { list } : {}) }];
    };
    return {
      inputs: Object.fromEntries(Object.entries(inputs).map(input)),
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([name, { type }]) => [name, { type, description: 'Written by the program.' }]),
      ),
    };
  },
  checkParams(params) {
    const outputs = Object.entries(params.outputs).flatMap(([port, declared]) => checkOutput(port, declared));
    return [...checkPlaceholders(params), ...outputs];
  },
  tools: async ({ version }) => (version === undefined ? {} : (await import('./version.js')).programVersion(version)),
  methods: async (facts) => (await import('./methods.js')).methods(facts),
  run: async (context) => (await import('./run.js')).run(context),
};

/** An output says what an input of its type says, with a path inside the work folder. */
function checkOutput(port: string, declared: DeclaredOutput): readonly Problem[] {
  const keys = ['outputs', port];
  const parts = declared.path.split(/[\\/]/);
  if (parts[0] === '' || parts.includes('..') || parts[0] === 'in') {
    const message = `\`${declared.path}\` is not a path inside the work folder`;
    return [
      {
        message,
        expected: 'a relative path without `..`, not in the folder `in` of the inputs',
        keys: [...keys, 'path'],
      },
    ];
  }
  const type = artifactTypes.find(({ name }) => name === declared.type);
  // Unknown types are reported by the engine, with those of the ports.
  if (!type) return [];
  const schema = type.input && !type.input.items ? inputSchema(type) : folderOutput;
  return checkValue(schema, structuredClone(declared), `outputs.${port}`).map((fault) => ({
    message: fault.message,
    keys: [...keys, ...fault.keys],
    ...(fault.expected ? { expected: fault.expected } : {}),
    ...(fault.hint ? { hint: fault.hint } : {}),
  }));
}

/** An output of a type that has no form as an input: a folder of its files. */
const folderOutput: JsonSchema = {
  type: 'object',
  properties: { type: { type: 'string' }, path: { type: 'string' }, meta: { type: 'object' } },
  additionalProperties: false,
};
