import { stat } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../artifacts/user-error.js';
import { defaultCache } from '../index.js';

/** The folder of a cache that is there; commands that only look at one make none. @throws UserError */
export async function existingCache(cache: string | undefined): Promise<string> {
  const dir = path.resolve(cache ?? defaultCache({ baseDir: '.' }));
  if ((await stat(path.join(dir, 'store.json')).catch(() => undefined))?.isFile()) return dir;
  throw new UserError({
    message: 'there is no cache here',
    place: { file: dir },
    hint: 'Name its folder with --cache DIR (it lies beside the workflow file, in .voxreel).',
  });
}
