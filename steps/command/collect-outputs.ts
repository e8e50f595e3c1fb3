import { copyFile, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject, Produced, ResolvedInput } from '../../artifacts/artifact.js';
import { artifactTypes } from '../../artifacts/types.js';
import { type Problem, UserError } from '../../artifacts/user-error.js';
import { checkValue } from '../../engine/spec/check-value.js';
import { inputSchema } from '../../engine/spec/schema.js';
import type { CommandParams, DeclaredOutput } from './index.js';

/** Reads what the program wrote; `inherited` joins the facts. All outputs that are missing or wrong are reported together. */
export async function collectOutputs(
  outputs: CommandParams['outputs'],
  workDir: string,
  inherited: JsonObject,
): Promise<Record<string, Produced>> {
  const problems: Problem[] = [];
  const collected: Record<string, Produced> = {};
  for (const [port, declared] of Object.entries(outputs)) {
    try {
      const { files, meta } = await collectOne(port, declared, workDir);
      collected[port] = {
        files: await ownFiles(files, workDir, port),
        meta: { ...meta, ...inherited },
      };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const base = ['outputs', port];
      problems.push(...error.problems.map((problem) => ({ ...problem, keys: [...base, ...(problem.keys ?? [])] })));
    }
  }
  if (problems.length > 0) throw new UserError(problems);
  return collected;
}

async function collectOne(port: string, declared: DeclaredOutput, workDir: string): Promise<Produced> {
  const file = path.join(workDir, declared.path);
  const info = await stat(file).catch(() => undefined);
  if (!info) {
    const written = (await readdir(workDir)).filter((name) => name !== 'in' && name !== 'tmp');
    throw new UserError({
      message: `the command did not write ${declared.path} (output \`${port}\`)`,
      expected: `a \`${declared.type}\` at ${declared.path}`,
      hint: `In the work folder is ${written.length > 0 ? written.join(', ') : 'nothing'}. Use \`{out.${port}}\` for the path.`,
      keys: ['path'],
    });
  }
  const type = artifactTypes.find(({ name }) => name === declared.type)!;
  if (!type.input || type.input.items) return folder(declared, file, info.isDirectory());
  const entry = structuredClone(declared) as Record<string, unknown>;
  checkValue(inputSchema(type), entry);
  const { type: _, ...spec } = entry;
  const resolved = (await type.input.resolve(spec, { baseDir: workDir, name: port })) as ResolvedInput;
  return { files: resolved.files, meta: resolved.meta ?? {} };
}

/** Every file below a folder, by its path in it. */
async function folder({ path: given, meta }: DeclaredOutput, dir: string, isFolder: boolean): Promise<Produced> {
  if (!isFolder) throw new UserError({ message: `${given} is a file`, expected: 'a folder of files', keys: ['path'] });
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const roles = files.map((file) => [path.relative(dir, file).split(path.sep).join('/'), file]);
  return { files: Object.fromEntries(roles), meta: (meta ?? {}) as JsonObject };
}

/** The files as the step's own: what the program linked to (an input, say) is copied, since results are moved into the store. */
async function ownFiles(files: Produced['files'], workDir: string, port: string): Promise<Produced['files']> {
  const root = await realpath(workDir);
  const own = Object.entries(files).map(async ([role, file], index) => {
    const expected = path.join(root, path.relative(workDir, file));
    if ((await realpath(file)) === expected) return [role, file];
    const copy = path.join(workDir, `copy-${port}-${index}`);
    await copyFile(file, copy);
    return [role, copy];
  });
  return Object.fromEntries(await Promise.all(own));
}
