import os from 'node:os';

/** A path as people type or drop it into a terminal, where no shell reads it: in quotes, with `\ ` for a space, with `~`. */
export function typedPath(typed: string): string {
  const bare = /^(['"])(.*)\1$/.exec(typed.trim())?.[2] ?? typed.trim().replaceAll('\\ ', ' ');
  return bare.replace(/^~(?=$|[/\\])/, () => os.homedir());
}
