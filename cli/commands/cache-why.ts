import { UserError } from '../../artifacts/user-error.js';
import { collectedTimes } from '../../cache/collected.js';
import { type StoredResult, storedResults } from '../../cache/contents.js';
import { openRunLog } from '../../cache/run-log.js';
import { openStore } from '../../cache/store.js';
import type { Ingredients, InputDigest } from '../../engine/keys.js';
import { timeText } from '../../engine/reason-text.js';
import { pastRuns } from '../../engine/run-record.js';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { print } from '../streams.js';
import { bytes, columns, duration } from '../terminal/text.js';

/** Says what a result was made from, by what and for whom, and when it was used. */
export async function cacheWhyCommand(
  key: string,
  { cache, json }: { cache?: string; json?: boolean },
): Promise<number> {
  const store = await openStore(await existingCache(cache));
  const results = storedResults(store);
  const found = results.filter((result) => result.key.startsWith(key));
  if (found.length !== 1) {
    const collected = collectedTimes(store)(key);
    throw new UserError({
      message:
        found.length > 1
          ? `\`${key}\` fits ${found.length} results`
          : `there is no result \`${key}\`${collected ? `; gc removed it, ${timeText(collected)}` : ''}`,
      expected: 'the start of a key, as `voxreel cache ls` and `voxreel plan --json` show it',
    });
  }
  const [{ record, users, used, bytes: size, fault }] = found as [StoredResult];
  if (!record)
    throw new UserError({ message: `this result cannot be used: ${fault}`, place: { file: found[0]!.file } });
  const runs = pastRuns(openRunLog(store)).filter((run) => users.length > 0 && usesKey(record.key, run));
  if (json) {
    print(JSON.stringify({ ...record, bytes: size, used: new Date(used), users, runs: runs.map(({ id }) => id) }));
    return exitCode.ok;
  }
  const { step, version, params, inputs, tools } = record.ingredients as unknown as Ingredients;
  const made = makersOf(results);
  print(
    ...columns([
      ['key', record.key],
      ['made by', `${step}, version ${version}`],
      [
        'when',
        `${timeText(record.made)}, in ${duration(record.seconds)}; last used ${timeText(new Date(used).toISOString())}`,
      ],
      ['for', users.join(', ') || 'no run that is known'],
      ['in runs', runs.map(({ id }) => id).join(', ') || 'none that is known'],
      ['parameters', named(params) || 'none'],
      ...(Object.keys(tools).length > 0 ? [['tools', named(tools)]] : []),
      ...Object.entries(inputs).map(([port, digest]) => [`input ${port}`, inputText(digest, made)]),
      ...Object.entries(record.outputs).map(([port, output]) => [
        `output ${port}`,
        `${output.type} ${output.digest.slice(0, 12)}: ${Object.entries(output.files)
          .map(([role, file]) => `${role} ${bytes(file.size)}`)
          .join(', ')}`,
      ]),
    ]),
  );
  return exitCode.ok;

  function usesKey(wanted: string, run: { readonly keys: string }): boolean {
    return Object.values(openRunLog(store).keys(run)).includes(wanted);
  }
}

/** Digest of an output to who made it. */
function makersOf(results: readonly StoredResult[]): ReadonlyMap<string, string> {
  const makers = new Map<string, string>();
  for (const { record, users, key } of results) {
    for (const { digest } of Object.values(record?.outputs ?? {})) {
      makers.set(digest, `${users[0]?.split(': ')[1] ?? record!.ingredients.step} (${key.slice(0, 12)})`);
    }
  }
  return makers;
}

function inputText(input: InputDigest, makers: ReadonlyMap<string, string>): string {
  const one = (digest: string) => makers.get(digest) ?? `a file of yours, ${digest.slice(0, 12)}`;
  if (typeof input === 'string') return one(input);
  const shown = input.slice(0, 3).map(([label, digest]) => `${label || '-'}: ${one(digest)}`);
  return [...shown, ...(input.length > 3 ? [`${input.length - 3} more`] : [])].join('; ');
}

function named(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
