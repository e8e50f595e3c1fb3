import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UserError } from '../../artifacts/user-error.js';
import type { CommandLine } from './placeholders.js';

const known = new Map<string, Promise<string>>();

/** What the version command prints, by the name of its program. Asked once per process. Throws UserError if it fails. */
export async function programVersion(command: CommandLine): Promise<Record<string, string>> {
  const [program, ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const id = JSON.stringify([program, ...args]);
  let answer = known.get(id);
  if (!answer) {
    answer = ask(program!, args);
    answer.catch(() => known.delete(id));
    known.set(id, answer);
  }
  return { [typeof command === 'string' ? command : program!]: await answer };
}

async function ask(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { timeout: 20_000 });
    return `${stdout}\n${stderr}`.trim();
  } catch (error) {
    const message = `the version command does not work: ${(error as Error).message.trim()}`;
    throw new UserError({ message, expected: 'a command that prints a version', keys: ['version'] }, { cause: error });
  }
}
