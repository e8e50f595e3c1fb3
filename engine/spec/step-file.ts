import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../artifacts/user-error.js';
import type { StepType } from '../step-type.js';
import { validatorOf } from './check-value.js';
import { paramsSchema } from './schema.js';

/** True for `./my-step.js`, false for the name of a step type. */
export function isStepFile(uses: string): boolean {
  return uses.startsWith('./') || uses.startsWith('../');
}

/**
 * Loads a step type of the study: the default export of an ES module. The digest of that file (not of what it
 * imports) is part of the key of its results, so that an edited step runs again without raising `version`.
 * @throws UserError without a place; the caller knows the line of `uses`.
 */
export async function loadStepFile(baseDir: string, uses: string): Promise<StepType> {
  const file = path.resolve(baseDir, uses);
  let source: Buffer;
  try {
    source = await readFile(file);
  } catch (error) {
    throw new UserError({ message: `the step file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})` });
  }
  if (!/\.m?js$/.test(file))
    throw new UserError({ message: `${uses} is not JavaScript`, expected: 'a .js or .mjs file' });
  const digest = createHash('sha256').update(source).digest('hex');
  let module: { default?: unknown };
  try {
    // The query makes an edited file a new module, also within one process.
    module = (await import(`${pathToFileURL(file).href}?sha256=${digest}`)) as { default?: unknown };
  } catch (error) {
    throw new UserError({ message: `${uses} cannot be loaded: ${(error as Error).message}` }, { cause: error });
  }
  const type = checkShape(module.default, uses);
  return {
    ...type,
    name: uses,
    async tools(params) {
      return { ...(await type.tools?.(params)), 'step file': digest };
    },
  };
}

function checkShape(value: unknown, uses: string): StepType {
  const type = value as Partial<StepType> | null | undefined;
  const isMap = (part: unknown) => typeof part === 'object' && part !== null;
  const missing = [
    !Number.isInteger(type?.version) && 'version (a whole number)',
    !isMap(type?.inputs) && 'inputs',
    !isMap(type?.outputs) && 'outputs',
    !isMap(type?.params?.properties) && "params ({ type: 'object', properties: { … } })",
    typeof type?.run !== 'function' && 'run',
  ].filter((part): part is string => part !== false);
  if (missing.length > 0) {
    throw new UserError({
      message: `the default export of ${uses} is not a step type: it lacks ${missing.join(', ')}`,
      expected: 'an object as in docs/workflow-file.md, "Your own step types"',
    });
  }
  const step = { title: uses, description: '', ...type } as StepType;
  try {
    validatorOf(paramsSchema(step));
  } catch (error) {
    throw new UserError({ message: `the parameters of ${uses} are not a JSON Schema: ${(error as Error).message}` });
  }
  return step;
}
