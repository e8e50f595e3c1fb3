import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../artifacts/user-error.js';
import { didYouMean } from '../../engine/spec/nearest.js';
import { registry } from '../../steps/registry.js';
import { exitCode } from '../exit-code.js';
import { stepIndex, stepPage } from '../step-page.js';
import { print } from '../streams.js';
import { columns, count } from '../terminal/text.js';
import { outError } from '../write-out.js';

/** Lists the step types, prints the page of one, or writes the pages of all and their list. */
export async function stepsCommand(name: string | undefined, options: { write?: string }): Promise<number> {
  const steps = [...registry.steps.values()];
  if (options.write !== undefined) {
    try {
      await mkdir(options.write, { recursive: true });
      for (const step of steps) await writeFile(path.join(options.write, `${step.name}.md`), stepPage(step));
      await writeFile(path.join(options.write, 'README.md'), stepIndex(steps));
    } catch (error) {
      throw outError(error, options.write, 'a folder, or nothing yet');
    }
    print(`${count(steps.length, 'page')} written to ${options.write}`);
    return exitCode.ok;
  }
  if (name === undefined) {
    print(...columns(steps.map((step) => [step.name, step.title])), '', '`voxreel steps NAME` explains one.');
    return exitCode.ok;
  }
  const step = registry.steps.get(name);
  if (!step) {
    const names = steps.map((known) => known.name);
    throw new UserError({
      message: `there is no step type \`${name}\``,
      expected: names.join(', '),
      ...didYouMean(name, names),
    });
  }
  process.stdout.write(stepPage(step));
  return exitCode.ok;
}
