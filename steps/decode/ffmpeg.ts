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
 * Any version from 4.0 (2018) on. Asks it for its version once per process.
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
      hint: 'correct FFMPEG_PATH, or unset it to use the ffmpeg of PATH or the embedded one',
    });
  }
  const candidates = [await onPath(), embedded()].filter((candidate) => candidate !== null);
  for (const candidate of candidates) {
    const version = await versionOf(candidate);
    if (version !== null) return { path: candidate, version };
  }
  throw new UserError({
    message:
      candidates.length === 0
        ? 'ffmpeg was not found: not in PATH, and the embedded package has none for this platform'
        : `ffmpeg was found but does not run: ${candidates.join(', ')}`,
    expected: 'ffmpeg, version 4.0 or later',
    hint: 'install ffmpeg, or name one in the environment variable FFMPEG_PATH',
  });
}

async function onPath(): Promise<string | null> {
  const names = process.platform === 'win32' ? ['ffmpeg.exe'] : ['ffmpeg'];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    for (const name of names) {
      const file = path.join(folder, name);
      if (
        await access(file, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return file;
    }
  }
  return null;
}

/** The package throws strings where it has no binary for the platform. */
function embedded(): string | null {
  try {
    return (createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg') as { path: string }).path;
  } catch {
    return null;
  }
}

async function versionOf(file: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(file, ['-version'], { timeout: 10_000 });
    return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}
