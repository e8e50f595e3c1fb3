import { statSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../artifacts/user-error.js';
import { voxreelVersion } from '../../engine/version.js';
import { defaultCache } from '../../index.js';
import { checkBackends } from '../doctor/backends.js';
import { checkCache } from '../doctor/cache-health.js';
import { checkFfmpeg } from '../doctor/ffmpeg.js';
import { checkFolder } from '../doctor/folders.js';
import { checkMemory, checkNode, checkThreads } from '../doctor/machine.js';
import { checkRemote } from '../doctor/remote.js';
import { exitCode } from '../exit-code.js';
import type { RemoteFlags } from '../remote-options.js';
import { print } from '../streams.js';
import { colours, wantsColour } from '../terminal/colour.js';
import { doctorLines } from '../terminal/doctor-lines.js';

export interface DoctorOptions extends RemoteFlags {
  readonly cache?: string;
  readonly results?: string;
  readonly json?: boolean;
}

/** Checks what runs need; ends with 1 when something would stop one. */
export async function doctorCommand(file: string | undefined, options: DoctorOptions): Promise<number> {
  if (file !== undefined && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new UserError({ message: 'there is no such workflow file', place: { file: path.resolve(file) } });
  }
  const baseDir = path.resolve(file === undefined ? '.' : path.dirname(file));
  const cache = path.resolve(options.cache ?? defaultCache({ baseDir }));
  const results = path.resolve(options.results ?? path.join(baseDir, 'results'));
  const findings = [
    await checkNode(),
    ...(await checkBackends()),
    await checkFfmpeg(),
    await checkThreads(),
    await checkMemory(),
    await checkFolder('cache folder', cache),
    await checkCache(cache),
    await checkFolder('results folder', results),
    await checkRemote(options),
  ];
  const ok = findings.every(({ state }) => state !== 'problem');
  if (options.json) print(JSON.stringify({ voxreel: voxreelVersion(), ok, findings }, null, 2));
  else print(...doctorLines(findings, colours(wantsColour(process.stdout))));
  return ok ? exitCode.ok : exitCode.failed;
}
