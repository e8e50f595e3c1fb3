import { lstat, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { UserError } from '../../artifacts/user-error.js';
import { exitCode } from '../exit-code.js';
import { type Person, personAt } from '../init/ask.js';
import { fillTemplate } from '../init/fill.js';
import { atFlag, type Found, type Places } from '../init/found.js';
import { type Kind, kinds } from '../init/kinds.js';
import { seconds } from '../init/seconds.js';
import { readTemplate, type Template } from '../init/template.js';
import type { TemplateName } from '../init/templates.js';
import { packageDir } from '../package-files.js';
import { print } from '../streams.js';
import { columns } from '../terminal/text.js';

export type InitOptions = { readonly template: TemplateName; readonly force?: boolean } & {
  readonly [flag in Kind['flag']]?: string;
};

/** Writes a workflow file from a template, with the user's files in it. An existing one is not touched without `force`. */
export async function initCommand(file: string, options: InitOptions): Promise<number> {
  const target = path.resolve(file);
  const template = await readTemplate(options.template);
  refuseUnused(template, options);
  await refuseExisting(target, options.force ?? false);
  const person =
    process.stdin.isTTY && process.stdout.isTTY
      ? personAt({ input: process.stdin, output: process.stdout })
      : undefined;
  const places = { from: process.cwd(), to: path.dirname(target) };
  const found = await findAll(template, options, places, person).finally(() => person?.close());
  const text = withSchema(fillTemplate(template, found)).replaceAll('study.yaml', path.basename(file));
  await write(target, text, options.force ?? false);
  report(file, template, found, text);
  return exitCode.ok;
}

/** By the name of the input; what nobody names is not in it. @throws UserError with the problems of all flags */
async function findAll(
  { slots }: Template,
  options: InitOptions,
  places: Places,
  person: Person | undefined,
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  // What is wrong with an option is told before anything is asked.
  const named = slots.filter(({ kind }) => options[kind.flag] !== undefined);
  for (const { name, kind, usual } of new Set([...named, ...slots])) {
    const choose = person?.choose ?? (async (_: string, [first]: readonly string[]) => first!);
    const find = (given: string) => kind.find(given, places, usual, choose);
    const given = options[kind.flag];
    const one =
      given === undefined
        ? await person?.ask(questionOf(kind), find)
        : await find(given).catch((error: unknown) => {
            throw atFlag(error, kind.flag);
          });
    if (one) found.set(name, one);
  }
  return found;
}

function refuseUnused({ slots }: Template, options: InitOptions): void {
  const flags = slots.map(({ kind }) => kind.flag);
  const unused = Object.values(kinds).find(({ flag }) => options[flag] !== undefined && !flags.includes(flag));
  if (!unused) return;
  throw new UserError({
    message: `the template ${options.template} has no use for --${unused.flag}`,
    expected: `of these: ${flags.map((flag) => `--${flag}`).join(', ')}`,
  });
}

async function refuseExisting(target: string, force: boolean): Promise<void> {
  const there = await lstat(target).catch(() => undefined);
  if (!there || (force && !there.isDirectory())) return;
  throw new UserError({
    message: `this ${there.isDirectory() ? 'is a folder' : 'file exists'}, and is left as it is`,
    place: { file: target },
    hint: there.isDirectory()
      ? `Name a file in it: voxreel init ${path.join(path.relative('', target) || '.', 'study.yaml')}`
      : 'Name another file (voxreel init FILE), or replace it with --force.',
  });
}

async function write(target: string, text: string, force: boolean): Promise<void> {
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') await refuseExisting(target, force);
    throw new UserError({ message: `the file cannot be written (${code})`, place: { file: target } }, { cause: error });
  }
}

/** The first line tells editors where the schema is; in the user's folder that is the installed package's. */
function withSchema(source: string): string {
  const schema = pathToFileURL(path.join(packageDir(), 'schemas', 'workflow.schema.json')).href;
  return source.replace(/^# yaml-language-server: \$schema=.*$/m, `# yaml-language-server: $schema=${schema}`);
}

function report(file: string, { slots }: Template, found: ReadonlyMap<string, Found>, text: string): void {
  const rows = slots.flatMap(({ name, kind }) => {
    const one = found.get(name);
    if (!one) return [[name, `to do: ${kind.what}`]];
    return [inWords(one.entry), ...one.words].map((line, i) => [i === 0 ? name : '', line]);
  });
  print(`Written: ${file}`, '', ...columns(rows), '');
  // No file tells it, and a study with another time runs all the same.
  const timing = text.match(/^ {2}(onset|drop|samples): .*$/gm);
  if (found.has('bold') && timing) {
    print(`${lengths(found)}See that this fits your scans:`, ...timing, '');
  }
  if (found.size < slots.length) print('Put in place what is to do, or change the paths; then');
  print(`  voxreel validate ${file}`, `  voxreel run ${file}`);
}

/** What differs between the length of the movie and of the scans, as a sentence. */
function lengths(found: ReadonlyMap<string, Found>): string {
  const [movie, scans] = [found.get('movie')?.seconds, found.get('bold')?.seconds];
  if (movie === undefined || scans === undefined || Math.abs(scans - movie) < 1) return '';
  const [longer, shorter] = scans > movie ? ['scans last', 'movie'] : ['movie lasts', 'scans'];
  return `The ${longer} ${seconds(Math.abs(scans - movie))} longer than the ${shorter}. `;
}

function inWords({ type: _, path: place, ...rest }: Found['entry']): string {
  const others = Object.entries(rest).map(
    ([key, value]) => `${key}: ${stringify(value, { collectionStyle: 'flow' }).trim()}`,
  );
  return [...(place === undefined ? [] : [place]), ...others].join(', ');
}

function questionOf({ what, forms }: Kind): string {
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}${forms ? `: ${forms}` : ''} (Enter: later)`;
}
