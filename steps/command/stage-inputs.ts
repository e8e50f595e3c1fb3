import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact } from '../../artifacts/artifact.js';
import { UserError } from '../../artifacts/user-error.js';
import type { StepContext } from '../../engine/step-type.js';

export interface Staged {
  /** What `{in.port}` stands for, relative to the work folder. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Throws UserError if a file that came in was written to. */
  assertUnchanged(): Promise<void>;
}

/**
 * Puts the inputs at stable names below `in/`: `in/port/<role>`, for lists `in/port/1/<role>`. Labels of a fan-out are not
 * in the names, since they are not in the key.
 */
export async function stageInputs(inputs: StepContext['inputs'], workDir: string): Promise<Staged> {
  const paths: Record<string, readonly string[]> = {};
  const stamps = new Map<string, { readonly shown: string; readonly stamp: string }>();
  const stageOne = async (artifact: Artifact, folder: string): Promise<string> => {
    await mkdir(path.join(workDir, folder), { recursive: true });
    const roles = Object.entries(artifact.files);
    for (const [role, file] of roles) {
      const shown = path.posix.join(folder, role);
      await mkdir(path.dirname(path.join(workDir, shown)), { recursive: true });
      await symlink(path.resolve(file), path.join(workDir, shown));
      stamps.set(file, { shown, stamp: await stampOf(file) });
    }
    return roles.length === 1 ? path.posix.join(folder, roles[0]![0]) : folder;
  };
  for (const [port, input] of Object.entries(inputs)) {
    const folder = `in/${port}`;
    const facts = ({ type, meta }: Artifact) => ({ type, meta });
    if (Array.isArray(input)) {
      const list = input as readonly Artifact[];
      paths[port] = await Promise.all(list.map((artifact, index) => stageOne(artifact, `${folder}/${index + 1}`)));
    } else paths[port] = [await stageOne(input as Artifact, folder)];
    const about = Array.isArray(input) ? input.map(facts) : facts(input as Artifact);
    await writeFile(path.join(workDir, `in/${port}.json`), `${JSON.stringify(about, null, 2)}\n`);
  }
  return {
    paths,
    async assertUnchanged() {
      for (const [file, { shown, stamp }] of stamps) {
        if ((await stampOf(file)) === stamp) continue;
        throw new UserError({
          message: `the command wrote to its input ${shown} (${file})`,
          expected: 'a command that leaves its inputs as they are',
          hint: 'Copy the file first, and restore the original: results made from it are no longer true.',
          keys: ['run'],
        });
      }
    },
  };
}

async function stampOf(file: string): Promise<string> {
  const { size, mtimeMs, ino } = await stat(file);
  return `${size} ${mtimeMs} ${ino}`;
}
