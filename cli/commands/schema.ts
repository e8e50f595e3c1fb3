import { formatSchema, writeSchema } from '../../engine/spec/schema.js';
import { registry } from '../../steps/registry.js';
import { exitCode } from '../exit-code.js';
import { print } from '../streams.js';

/** Prints the JSON Schema of workflow files, or writes it to a file. */
export async function schemaCommand({ out }: { out?: string }): Promise<number> {
  if (out === undefined) process.stdout.write(formatSchema(registry));
  else {
    await writeSchema(registry, out);
    print(`Written: ${out}`);
  }
  return exitCode.ok;
}
