// Fills a store with results until it is done or killed: node store-writer.mjs STORE COUNT. Runs the compiled store.
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openStore } from '../../dist/cache/store.js';

const [dir, count] = process.argv.slice(2);
const store = await openStore(dir);
const run = await store.openRun();
for (let index = 0; index < Number(count); index++) {
  const key = createHash('sha256').update(`key ${index}`).digest('hex');
  const workDir = await run.workDir();
  const files = {};
  for (const role of ['a', 'b']) {
    files[role] = path.join(workDir, role);
    // Every third content is shared by several results, as masks are.
    const seed = role === 'b' && index % 3 === 0 ? 'shared' : `${role} ${index}`;
    await writeFile(files[role], seed.repeat(1 + ((index * 7919) % 40_000)));
  }
  await store.put(run, key, {
    outputs: { out: { type: 'pair', meta: { index }, files } },
    notes: [],
    seconds: 0,
    ingredients: {},
  });
  process.stdout.write('.');
}
await run.close();
