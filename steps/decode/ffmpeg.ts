import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../../artifacts/user-error.js';

/** An ffmpeg executable. `version` is what it calls itself (`7.0.2-static`), without the words around it. */
export interface Ffmpeg {
  readonly path: string;
  readonly version: string;
}

const found = new Map<string, Promise<Ffmpeg>>();

/**
 * Finds ffmpeg: the environment variable FFMPEG_PATH, then PATH, then the one embedded in @ffmpeg-installer/ffmpeg.
 * Any version from 4.0 (2018) on. Searches once per process.
 * Throws UserError when there is none, or when FFMPEG_PATH names something that does not run.
 */
export function findFfmpeg(): Promise<Ffmpeg> {
  const environment = `${process.env.FFMPEG_PATH ?? ''}\n${process.env.PATH ?? ''}`;
  const known = found.get(environment);
  if (known) return known;
  const search = locate();
  found.set(environment, search);
  search.catch(() => found.delete(environment));
  return search;
}

async function locate(): Promise<Ffmpeg> {
  const named = process.env.FFMPEG_PATH;
  if (named) {
    const version = await versionOf(named);
    if (version !== null) return { path: named, version };
    throw new UserError({
      message: `FFMPEG_PATH is "${named}", which does not run as ffmpeg`,
      expected: 'the path of an ffmpeg executable, version 4.0 or later',
      hint: 'Correct FFMPEG_PATH, or unset it to use the ffmpeg of PATH or the embedded one.',
    });
  }
  const installed = await ffmpegOnPath();
  const version = installed && (await versionOf(installed));
  if (installed && version) return { path: installed, version };
  const own = await embedded();
  if (own) return own;
  throw new UserError({
    message: installed
      ? `ffmpeg was found but does not run: ${installed}`
      : 'ffmpeg was not found: not in PATH, and the embedded package has none that runs here',
    expected: 'ffmpeg, version 4.0 or later',
    hint: 'Install ffmpeg, or name one in the environment variable FFMPEG_PATH.',
  });
}

/** The first executable called ffmpeg in PATH, whether it runs or not. */
export async function ffmpegOnPath(): Promise<string | undefined> {
  const names = process.platform === 'win32' ? ['ffmpeg.exe'] : ['ffmpeg'];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    for (const name of names) {
      const file = path.join(folder, name);
      if (await isExecutable(file)) return file;
    }
  }
  return undefined;
}

/**
 * The package knows the version of its executable, so it need not be started to ask: a run that finds everything
 * cached does not. It throws strings where it has none for the platform.
 */
async function embedded(): Promise<Ffmpeg | null> {
  try {
    const { path: file, version } = createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as Ffmpeg;
    return (await isExecutable(file)) ? { path: file, version } : null;
  } catch {
    return null;
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function versionOf(file: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(file, ['-version'], { timeout: 10_000 });
    return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}
