import { formatSchema } from '../../engine/spec/editor-schema.js';
import { registry } from '../../steps/registry.js';
import { exitCode } from '../exit-code.js';
import { writeOut } from '../write-out.js';

/** Prints the JSON Schema of workflow files, or writes it to a file. */
export async function schemaCommand({ out }: { out?: string }): Promise<number> {
  await writeOut(formatSchema(registry), out);
  return exitCode.ok;
}
