import { existsSync } from 'node:fs';
import path from 'node:path';
import { type StoredResult, storedResults } from '../../cache/contents.js';
import { hashFile } from '../../cache/digest.js';
import { openStore, type Store } from '../../cache/store.js';
import { measureFolder } from '../measure-folder.js';
import { bytes, count } from '../terminal/text.js';
import { type Finding, finding } from './finding.js';

/**
 * What a cache holds and whether it is sound, as far as sizes and times tell; files that were changed after they were
 * stored are read. Makes and changes nothing. Damage stops no run: what is damaged is made again.
 */
export function checkCache(dir: string): Promise<Finding> {
  return finding('cache', async () => {
    if (!existsSync(path.join(dir, 'store.json'))) {
      return { state: 'ok', found: 'none yet; the first run makes it', facts: { results: 0 } };
    }
    const store = await openStore(dir);
    const results = storedResults(store);
    const damaged: { key: string; users: readonly string[]; fault: string }[] = [];
    for (const result of results) {
      const fault = await faultOf(store, result);
      if (fault !== undefined) damaged.push({ key: result.key, users: result.users, fault });
    }
    const blobs = await measureFolder(path.join(dir, 'blobs'));
    const aside = await measureFolder(path.join(dir, 'quarantine'));
    const facts = { results: results.length, bytes: blobs.size, damaged, setAside: aside };
    const found = `${count(results.length, 'result')}, ${bytes(blobs.size)}`;
    if (damaged.length > 0) {
      const [{ users, key, fault }] = damaged as [(typeof damaged)[number]];
      const others = damaged.length > 1 ? ` and ${damaged.length - 1} more` : '';
      return {
        state: 'warning',
        found: `${found}; damaged: ${users[0] ?? key.slice(0, 12)} (${fault})${others}`,
        hint: 'The next run that needs it makes it again; `voxreel cache verify` reads everything. Damage that comes back points to the disk.',
        facts,
      };
    }
    if (aside.files > 0) {
      return {
        state: 'warning',
        found: `${found}; ${count(aside.files, 'damaged file')} set aside, ${bytes(aside.size)}`,
        hint: `Nothing needs them: \`voxreel cache gc --older-than 1d\` removes them, or delete ${path.join(dir, 'quarantine')}.`,
        facts,
      };
    }
    return { state: 'ok', found: `${found}, none damaged by size and time`, facts };
  });
}

async function faultOf(store: Store, { record, fault }: StoredResult): Promise<string | undefined> {
  if (!record) return fault;
  for (const { kind, file, role } of store.examine(record)) {
    if (kind === 'missing') return `${role} is gone`;
    if (kind === 'size') return `${role} has another size`;
    const read = await hashFile(store.blob(file.digest)).catch((error: NodeJS.ErrnoException) => error.code ?? 'error');
    if (typeof read === 'string') return `${role} cannot be read (${read})`;
    if (read.digest !== file.digest) return `the content of ${role} has another digest`;
  }
  return undefined;
}
