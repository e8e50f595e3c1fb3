import type { Command } from 'commander';

/** The commands that record what a study gave and compare with it. `study` adds the file and the options that say which study is meant. */
export function proofProgram(
  program: Command,
  study: (command: Command) => Command,
  finish: (code: number) => void,
  help: { readonly cache: string; readonly number: (text: string) => number },
): void {
  const LOCK_HELP =
    'the lock file (default: study.lock.json beside study.yaml, with an experiment study.NAME.lock.json)';
  const CORES_HELP = 'cores to use (default: those of this machine)';

  const repeated = (value: string, all: readonly string[] = []) => [...all, value];

  study(program.command('lock'))
    .summary('write down what a study gave, to be verified later')
    .description(
      'Runs what is not cached and writes a lock file: digests and numeric fingerprints of every result, versions and environment. Keep it under version control.',
    )
    .option('--lock <file>', LOCK_HELP)
    .option(
      '--tolerance <[name=]value>',
      'also write down how far results may be from these, as `verify --tolerance` takes it (repeatable)',
      repeated,
    )
    .option(
      '--perturb <n>',
      'learn tolerances: run n times more, in an empty cache, with noise in the last digit of BOLD images, images, series, regressors and confounds, and write down the largest spread where it is wider than the default',
      help.number,
    )
    .option('--cores <n>', CORES_HELP, help.number)
    .option('--cache <dir>', help.cache)
    .action(async (file, options) => finish(await (await import('./commands/lock.js')).lockCommand(file, options)));

  study(program.command('verify'))
    .summary('recompute a study and compare with its lock file')
    .description(
      'Recomputes everything in an empty cache and says of each output whether it is identical to the locked one, within tolerance, or different, and which step differs first.',
    )
    .option('--lock <file>', LOCK_HELP)
    .option('--cached', 'compare what the cache has instead of recomputing it')
    .option('--static', 'only compare workflow file and lock file; needs no data')
    .option('--twice', 'compute a second time, on one core, and list what did not come out alike')
    .option('--cores <n>', CORES_HELP, help.number)
    .option(
      '--tolerance <[name=]value>',
      'root mean square difference that passes, in standard deviations; of tables relative, of thresholded maps also the share of voxels that may flip: 1e-4, or of an output or step: fit=1e-3 (repeatable; default: those of the lock file, else 1e-5)',
      repeated,
    )
    .option('--json', 'print the comparison as JSON')
    .option('--junit <file>', 'also write it as JUnit XML')
    .option('--summary <file>', 'also append it as Markdown (default: where GITHUB_STEP_SUMMARY says)')
    .option('--cache <dir>', help.cache)
    .addHelpText(
      'after',
      '\nExit codes: 0 identical or within tolerance, 1 numbers differ or a step failed, 2 a file or the command line is wrong,\n3 the workflow file or an input is not the locked one.',
    )
    .action(async (file, options) => finish(await (await import('./commands/verify.js')).verifyCommand(file, options)));
}
