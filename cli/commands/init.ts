import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../artifacts/user-error.js';
import { exitCode } from '../exit-code.js';
import { packageDir } from '../package-files.js';
import { print } from '../streams.js';

/** Writes one of the package's workflow files to a new file; an existing one is never touched. */
export async function initCommand(file: string, { template }: { template: string }): Promise<number> {
  const source = await readFile(path.join(packageDir(), 'workflows', `${template}.yaml`), 'utf8');
  const target = path.resolve(file);
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, withSchema(source), { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new UserError({
        message: 'this file exists, and is left as it is',
        place: { file: target },
        hint: 'Name another file: voxreel init FILE',
      });
    }
    throw new UserError({ message: `the file cannot be written (${code})`, place: { file: target } }, { cause: error });
  }
  print(
    `Written: ${file}`,
    '',
    'Put your data where its `inputs` say, or change the paths; then',
    `  voxreel validate ${file}`,
    `  voxreel run ${file}`,
  );
  return exitCode.ok;
}

/** The first line tells editors where the schema is; in the user's folder that is the installed package's. */
function withSchema(source: string): string {
  const schema = pathToFileURL(path.join(packageDir(), 'schemas', 'workflow.schema.json')).href;
  return source.replace(/^# yaml-language-server: \$schema=.*$/m, `# yaml-language-server: $schema=${schema}`);
}
