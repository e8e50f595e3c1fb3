import { type Command, InvalidArgumentError } from 'commander';
import { templates } from './init/templates.js';

/** The commands that help to write workflow files. `study` adds the file and the options that say which study is meant. */
export function writingProgram(
  program: Command,
  study: (command: Command, argument?: string, about?: string) => Command,
  finish: (code: number) => void,
): void {
  study(program.command('validate'), '<files...>', 'workflow files (YAML)')
    .summary('check workflow files and their inputs')
    .description(
      'Checks names, types, parameters and wires for every experiment, and that the input files are there and readable; warns of parameters, inputs and steps that nothing needs. Reports every problem at once.',
    )
    .option('--no-inputs', 'check the workflow files only, not the files they name')
    .option('--strict', 'end with 2 on warnings too')
    .option('--json', 'print each finding as a line of JSON')
    .option(
      '--format <format>',
      'text, json, sarif (for code scanning) or github (annotations of GitHub Actions)',
      oneOf(['text', 'json', 'sarif', 'github']),
    )
    .action(async (files, options) =>
      finish(await (await import('./commands/validate.js')).validateCommand(files, options)),
    );

  program
    .command('fmt')
    .argument('<files...>', 'workflow files (YAML)')
    .summary('write workflow files in their canonical form')
    .description(
      'Puts keys in the order of the documentation and indents by two spaces. Keeps comments, names, quotes and empty lines, and never changes what a file says.',
    )
    .option('--check', 'change nothing; name the files that would change, and end with 1 if there are any')
    .action(async (files, options) => finish(await (await import('./commands/fmt.js')).fmtCommand(files, options)));

  program
    .command('init')
    .argument('[file]', 'where to write it', 'study.yaml')
    .summary('write a commented workflow file to start from')
    .description(
      `Writes a commented workflow file with your files in it: task, space and TR are those of the images. On a terminal it asks for what no option names; elsewhere the file says what is to be put in place. Templates:\n\n${Object.entries(
        templates,
      )
        .map(([name, about]) => `  ${name.padEnd(16)}${about}`)
        .join('\n')}`,
    )
    .option('--template <name>', 'what to start from', oneOf(Object.keys(templates)), 'sohn-2024')
    .option('--bids <folder>', 'BIDS dataset with derivatives/fmriprep inside, or the folder that fMRIPrep wrote')
    .option('--movie <file>', 'the movie')
    .option('--weights <file>', 'weights of VGG-16: a file, vgg16-keras, vgg16-torchvision, or synthetic')
    .option('--atlas <file>', 'atlas image, with a .tsv of index and name beside it')
    .option('--series <file>', 'table of your own series')
    .option('--force', 'replace a file that exists')
    .action(async (file, options) => finish(await (await import('./commands/init.js')).initCommand(file, options)));

  program
    .command('schema')
    .summary('print the JSON Schema of workflow files, for editors')
    .option('--out <file>', 'write to this file instead of the terminal')
    .action(async (options) => finish(await (await import('./commands/schema.js')).schemaCommand(options)));
}

function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    if (!choices.includes(text as T)) throw new InvalidArgumentError(`It must be ${choices.join(' or ')}.`);
    return text as T;
  };
}
