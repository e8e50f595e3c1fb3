import { access } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../user-error.js';

/** Further files that a weight file names: shards of TensorFlow.js, external data of ONNX. */
export interface Companions {
  /** The file under this name. `what`: for whom it is, in messages. Throws UserError when it is absent or not allowed. */
  find(name: string, what?: string): Promise<string>;
}

/** Those in the folder of the file and below it; `found` collects them. A name that leads elsewhere is refused before anything is opened. */
export function companionsBeside(file: string, origin: string, found = new Map<string, string>()): Companions {
  return {
    async find(name, what) {
      const place = { file: origin, ...(what !== undefined && { what }) };
      const folder = path.dirname(path.resolve(file));
      const target = path.resolve(folder, name);
      const inside = path.relative(folder, target);
      if (inside === '' || path.isAbsolute(inside) || inside.split(path.sep)[0] === '..' || name.includes('\0')) {
        throw new UserError({
          message: `refused: ${JSON.stringify(name)} lies outside the folder of the file`,
          place,
          expected: 'a file beside it or below',
        });
      }
      if (!found.has(name)) {
        await access(target).catch((error) => {
          throw new UserError(
            {
              message: `the file ${name}, which it names, is missing in ${folder}`,
              place,
              hint: 'Download that file too; they belong together.',
            },
            { cause: error },
          );
        });
        found.set(name, target);
      }
      return target;
    },
  };
}

/** Role of a companion in an artifact. The prefix keeps a shard called `weights` apart from the weights themselves. */
export function companionRole(name: string): string {
  return `beside/${name}`;
}

/** Those of an artifact: the files that were found when the input was resolved, by role. */
export function companionsOf(files: Readonly<Record<string, string>>, origin: string): Companions {
  return {
    async find(name, what) {
      const file = files[companionRole(name)];
      if (file !== undefined) return file;
      const place = { file: origin, ...(what !== undefined && { what }) };
      throw new UserError({ message: `the file ${name} was not there when the study was read`, place });
    },
  };
}
