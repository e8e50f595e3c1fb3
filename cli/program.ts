import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { knownNames } from '../artifacts/weights/known.js';
import { amount, MEGABYTES } from '../engine/spec/limits.js';
import { voxreelVersion } from '../engine/version.js';
import { cacheProgram } from './cache-program.js';
import { doctorProgram } from './doctor-program.js';
import { exitCode } from './exit-code.js';
import { proofProgram } from './proof-program.js';
import { withRemote } from './remote-options.js';
import { withSelection } from './select-options.js';
import { surviveClosedPipes } from './streams.js';
import { writingProgram } from './writing-program.js';

/**
 * The command line. Every command is loaded when it is called, so that `voxreel --help` and a run that finds
 * everything cached do not pay for the rest.
 * @returns the exit code of the process
 */
export async function main(args: readonly string[]): Promise<number> {
  surviveClosedPipes();
  let code: number = exitCode.ok;
  const program = buildProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // commander has printed its message: help and version end with 0, a wrong command line with 2.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    return (await import('./failure.js')).reportFailure(error);
  }
}

function buildProgram(finish: (code: number) => void): Command {
  const program = new Command('voxreel')
    .description('From a movie and BOLD images to maps of what a network kernel activates in the brain.')
    .version(voxreelVersion())
    .exitOverride()
    .showHelpAfterError('(voxreel --help lists the commands)')
    .addHelpText('after', HELP_END);

  withRemote(withSelection(study(program.command('run')).addOption(allExperiments())))
    .summary('run a study: only what is not cached yet')
    .description(
      'Runs every step whose result is not in the cache and publishes the outputs under results/<name>/<experiment>/ beside the file.',
    )
    .option('--json', 'print every event as a line of JSON instead of text')
    .option('--jobs <n>', 'at most this many steps at once (default: as cores and memory allow)', wholeNumber)
    .option('--cores <n>', 'cores to use (default: those of this machine)', wholeNumber)
    .option('--memory <size>', 'memory for the steps, such as 8 GB (default: 80 % of what there is)', memorySize)
    .option('--cache <dir>', CACHE_HELP)
    .option('--keep-going', 'after a failure, still run every step that does not depend on the failed one')
    .option('--results <dir>', 'folder for the outputs (default: results, beside the workflow file)')
    .addOption(
      new Option('--watch', 'run again whenever the file or an input changes, until Ctrl-C').conflicts(
        'allExperiments',
      ),
    )
    .option('--explain', 'list first what will run and why, and say why with each step that starts')
    .action(async (file, options) => finish(await (await import('./commands/run.js')).runCommand(file, options)));

  withSelection(study(program.command('plan')).addOption(allExperiments()))
    .summary('say what a run would do, and why')
    .description(
      'Compares the study with the cache and lists each step with the reason why it would run. Runs nothing.',
    )
    .option('--json', 'print each step as a line of JSON')
    .option('--cache <dir>', CACHE_HELP)
    .action(async (file, options) => finish(await (await import('./commands/plan.js')).planCommand(file, options)));

  study(program.command('why'), '<step...>', '[FILE] STEP [SUBJECT]; without FILE the only workflow of this folder')
    .summary('say why a step would run, or why it ran last')
    .description('Says why a step (of one subject) would run or why it ran last, with the whole chain of causes.')
    .option('--json', 'print the chain as JSON')
    .option('--cache <dir>', CACHE_HELP)
    .action(async (words, options) => finish(await (await import('./commands/why.js')).whyCommand(words, options)));

  program
    .command('compare')
    .argument(
      '<names...>',
      '[FILE] A B [C...]: experiments (`default` is the study as it is; without FILE of the only workflow of this folder), results folders (with a slash: ./glover), or runs of `voxreel log`',
    )
    .summary('compare the maps of experiments, results folders or runs')
    .description(
      'Says which parameters differ, and how far maps are apart: correlation, Dice, clusters, differences. Of experiments and runs reads the cache, of results folders what was published. Computes nothing.',
    )
    .option('--out <file>', 'also draw the maps that differ most, as PNG')
    .option('--json', 'print the numbers of every map as JSON')
    .option('--set <name=value>', 'another value for a parameter of all experiments (repeatable)', repeated)
    .option('--cache <dir>', CACHE_HELP)
    .action(async (words, options) =>
      finish(await (await import('./commands/compare.js')).compareCommand(words, options)),
    );

  program
    .command('log')
    .summary('list the runs: when, what was asked, what ran')
    .description('Lists the runs that a cache remembers, newest first.')
    .option('--limit <n>', 'at most so many', wholeNumber, 20)
    .option('--json', 'print each run as a line of JSON')
    .option('--cache <dir>', CACHE_HELP)
    .action(async (options) => finish(await (await import('./commands/log.js')).logCommand(options)));

  program
    .command('show')
    .argument('[run]', 'the start of its name, from `voxreel log` (default: the last run)')
    .summary('show one run: parameters, what ran and why, digests')
    .description('Shows a run: its parameters, what ran and why, what failed, the digests of its outputs.')
    .option('--json', 'print it as JSON, with the key of every result')
    .option('--cache <dir>', CACHE_HELP)
    .action(async (run, options) => finish(await (await import('./commands/show.js')).showCommand(run, options)));

  writingProgram(program, study, finish);

  study(program.command('graph'))
    .summary('draw the study as a graph')
    .description('Draws inputs, steps and outputs. Needs no data.')
    .option('--format <format>', 'mermaid (text, for Markdown) or svg (picture)', oneOf(['mermaid', 'svg']), 'mermaid')
    .option('--out <file>', 'write to this file instead of the terminal')
    .action(async (file, options) => finish(await (await import('./commands/graph.js')).graphCommand(file, options)));

  program
    .command('steps')
    .argument('[name]', 'a step type, for its documentation')
    .summary('list the step types, or explain one')
    .description('Lists the step types; with a name, prints what it computes, its ports and its parameters.')
    .option('--write <dir>', 'write one Markdown page for each step type into this folder')
    .action(async (name, options) => finish(await (await import('./commands/steps.js')).stepsCommand(name, options)));

  program
    .command('demo')
    .summary('make a small study, run it, and compare what was found with what was planted')
    .description(
      'Draws a movie and simulates 8 subjects whose regions follow known kernels, runs the whole analysis (a minute or two), and prints how much of it was found again.',
    )
    .option('--dir <dir>', 'folder for the study', 'voxreel-demo')
    .option('--jobs <n>', 'at most this many steps at once', wholeNumber)
    .action(async (options) => finish(await (await import('./commands/demo.js')).demoCommand(options)));

  const weights = program
    .command('weights')
    .summary('fetch known VGG-16 weights, or look into a weight file')
    .description('Weight files of the network that looks at the images.');
  weights
    .command('fetch')
    .argument('<name>', knownNames.join(' or '), oneOf(knownNames))
    .summary('download known weights once for this user')
    .description(
      'Downloads known weights, verifies them and stores them for this user. Goes on where an earlier try broke. A workflow names them with `fetched: NAME`.',
    )
    .option('--from <url>', 'a folder of a mirror that holds the same file')
    .action(async (name, options) => finish(await (await import('./commands/weights.js')).fetchCommand(name, options)));
  weights
    .command('inspect')
    .argument('<file>', 'a weight file: .safetensors, .pth, .h5, .onnx or model.json')
    .summary('what a weight file is and holds')
    .description('Prints origin, network, pre-processing, layers with shapes, and digests. Reads any VGG.')
    .option('--json', 'print it as JSON')
    .action(async (file, options) =>
      finish(await (await import('./commands/weights.js')).inspectCommand(file, options)),
    );

  cacheProgram(program, study, finish, { cache: CACHE_HELP, number: wholeNumber });
  proofProgram(program, study, finish, { cache: CACHE_HELP, number: wholeNumber });
  doctorProgram(program, finish, CACHE_HELP);
  return program;
}

/** The argument and options of every command that takes a study. */
function study(command: Command, argument = '<file>', about = 'workflow file (YAML)'): Command {
  return command
    .argument(argument, about)
    .option('--experiment <name>', 'a variant from `experiments` in the file')
    .option(
      '--set <name=value>',
      'another value for a parameter: fwhm=4, fit.noise=ols, inputs.bold.task=rest (repeatable)',
      repeated,
    );
}

function repeated(value: string, all: readonly string[] = []): readonly string[] {
  return [...all, value];
}

function allExperiments(): Option {
  const about = 'every experiment of the file, and the study without one; what they share is made once';
  return new Option('--all-experiments', about).conflicts('experiment');
}

const CACHE_HELP =
  'folder of the cache (default: the environment’s VOXREEL_CACHE, else .voxreel beside the workflow file)';

const HELP_END = `
A first look:
  voxreel demo                          a complete small study, about two minutes
  voxreel init study.yaml               a workflow file to start from
  voxreel plan study.yaml               what would run, and why
  voxreel run study.yaml --set fwhm=4   run it with another smoothing

Exit codes: 0 all went well, 1 a step failed, 2 the file or the command line is wrong, 130 interrupted.`;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}

/** MB. */
function memorySize(text: string): number {
  const value = amount(/^[0-9.]+$/.test(text) ? `${text} MB` : text, MEGABYTES);
  if (value === undefined || !(value > 0)) throw new InvalidArgumentError('It must be a size, such as 800 MB or 8 GB.');
  return value;
}

function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    if (!choices.includes(text as T)) throw new InvalidArgumentError(`It must be ${choices.join(' or ')}.`);
    return text as T;
  };
}
