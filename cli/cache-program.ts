import { type Command, InvalidArgumentError } from 'commander';
import { amount } from '../engine/spec/limits.js';
import { withRemote } from './remote-options.js';

const BYTES = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;
const HOUR = 3600_000;
const MILLISECONDS = { h: HOUR, d: 24 * HOUR, w: 7 * 24 * HOUR } as const;

/** The commands below `voxreel cache`. `study` adds the file and the options that say which study is meant. */
export function cacheProgram(
  program: Command,
  study: (command: Command) => Command,
  finish: (code: number) => void,
  help: { readonly cache: string; readonly number: (text: string) => number },
): void {
  const cache = program
    .command('cache')
    .summary('look at the cache, clean it, share it')
    .description('The store of finished results.');
  const add = (name: string, summary: string) =>
    cache
      .command(name)
      .summary(summary)
      .description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`);

  add('status', 'how many results are kept and how much room they take')
    .option('--cache <dir>', help.cache)
    .action(async (options) => finish(await (await import('./commands/cache.js')).cacheStatusCommand(options)));

  add('ls', 'list the results: what made each, its size, when and by what it was used')
    .option('--sort <by>', 'used, size or time', oneOf(['used', 'size', 'time']), 'used')
    .option('--limit <n>', 'at most so many', help.number, 50)
    .option('--json', 'print every result as a line of JSON')
    .option('--cache <dir>', help.cache)
    .action(async (options) => finish(await (await import('./commands/cache-ls.js')).cacheLsCommand(options)));

  add('why', 'say what a result was made from, and which runs use it')
    .argument('<key>', 'the start of its key')
    .option('--json', 'print it as JSON')
    .option('--cache <dir>', help.cache)
    .action(async (key, options) =>
      finish(await (await import('./commands/cache-why.js')).cacheWhyCommand(key, options)),
    );

  add('gc', 'remove results that were not used for long, or until the rest is small enough')
    .option(
      '--max-size <size>',
      'such as 50GB: removes what was used longest ago until no more is left',
      amountOf(BYTES, '50GB'),
    )
    .option(
      '--older-than <time>',
      'such as 30d: removes what no run has used for so long',
      amountOf(MILLISECONDS, '30d'),
    )
    .option('--dry-run', 'only say what would be removed')
    .option('--json', 'print it as JSON')
    .option('--cache <dir>', help.cache)
    .addHelpText('after', '\nNever removed: what a lock file names, and what was used or written within a day.')
    .action(async (options) => finish(await (await import('./commands/cache-gc.js')).cacheGcCommand(options)));

  add('verify', 'read everything and compare digests; what is damaged is set aside')
    .option('--json', 'print it as JSON')
    .option('--cache <dir>', help.cache)
    .action(async (options) => finish(await (await import('./commands/cache-verify.js')).cacheVerifyCommand(options)));

  withRemote(study(add('pull', 'fetch from the remote cache what a study needs')))
    .option('--cache <dir>', help.cache)
    .action(async (file, options) =>
      finish(await (await import('./commands/cache-remote.js')).cachePullCommand(file, options)),
    );

  withRemote(add('push', 'give the remote cache all results that it lacks'))
    .option('--cache <dir>', help.cache)
    .action(async (options) => finish(await (await import('./commands/cache-remote.js')).cachePushCommand(options)));
}

function amountOf(units: Readonly<Record<string, number>>, example: string): (text: string) => number {
  return (text) => {
    const value = amount(text, units);
    if (value === undefined || Number.isNaN(value)) {
      throw new InvalidArgumentError(`It must be a number with ${Object.keys(units).join(', ')}, such as ${example}.`);
    }
    return value;
  };
}

function oneOf(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (!choices.includes(text)) throw new InvalidArgumentError(`It must be ${choices.join(' or ')}.`);
    return text;
  };
}
