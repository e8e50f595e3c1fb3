import type { Command } from 'commander';
import { type RemoteOptions, remoteFromEnvironment } from '../index.js';

/** Options of commands that use a remote cache. The token comes from the environment only: command lines are seen by others. */
export interface RemoteFlags {
  readonly remote?: string;
  readonly remoteReadOnly?: boolean;
}

export function withRemote(command: Command): Command {
  return command
    .option(
      '--remote <url>',
      'shared cache on a web server (default: the environment’s VOXREEL_REMOTE; none if it is empty)',
    )
    .option('--remote-read-only', 'take results from it, give it none (or VOXREEL_REMOTE_READ_ONLY=1)');
}

export function remoteOf({ remote, remoteReadOnly }: RemoteFlags): RemoteOptions | undefined {
  const known = remoteFromEnvironment({ ...process.env, ...(remote === undefined ? {} : { VOXREEL_REMOTE: remote }) });
  return known && { ...known, ...(remoteReadOnly ? { readOnly: true } : {}) };
}
