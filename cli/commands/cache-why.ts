import path from 'node:path';
import { UserError } from '../../artifacts/user-error.js';
import { collectedTime } from '../../cache/collected.js';
import { type StoredResult, storedResults } from '../../cache/contents.js';
import { openRunLog } from '../../cache/run-log.js';
import { knownPaths } from '../../cache/stat-cache.js';
import { openStore } from '../../cache/store.js';
import type { InputFact, InputFacts } from '../../engine/input-facts.js';
import type { Ingredients, InputDigest } from '../../engine/keys.js';
import { few, timeText } from '../../engine/reason-text.js';
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
    const collected = collectedTime(store, key);
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
  const sources = (record.sources ?? {}) as unknown as InputFacts;
  const [made, paths] = [makersOf(results), knownPaths(store)];
  print(
    ...columns([
      ['key', record.key],
      ['made by', `${step}, version ${version}`],
      [
        'when',
        `${timeText(record.made)}, in ${duration(record.seconds)}; last used ${timeText(new Date(used).toISOString())}`,
      ],
      ['for', few(users) || 'no run that is known'],
      ['in runs', few(runs.map(({ id }) => id)) || 'none that is known'],
      ['parameters', named(params) || 'none'],
      ...(Object.keys(tools).length > 0 ? [['tools', named(tools)]] : []),
      ...Object.entries(inputs).map(([port, digest]) => [
        `input ${port}`,
        inputText(digest, (one, label) => made.get(one) ?? ownFile(one, sourceOf(port, label), paths)),
      ]),
      ...Object.entries(record.outputs).map(([port, output]) => [
        `output ${port}`,
        `${output.type} ${output.digest.slice(0, 12)}: ${Object.entries(output.files)
          .map(([role, file]) => `${role} ${bytes(file.size)}`)
          .join(', ')}`,
      ]),
    ]),
  );
  return exitCode.ok;

  /** A single input is listed by its own label, which is no part of the key. */
  function sourceOf(port: string, label: string | undefined): InputFact | undefined {
    return label === undefined ? Object.values(sources[port] ?? {})[0] : sources[port]?.[label];
  }

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

function inputText(input: InputDigest, one: (digest: string, label?: string) => string): string {
  if (typeof input === 'string') return one(input);
  const shown = input.slice(0, 3).map(([label, digest]) => `${label || '-'}: ${one(digest, label)}`);
  return [...shown, ...(input.length > 3 ? [`${input.length - 3} more`] : [])].join('; ');
}

/** With its path, if a file with this content was there when it was last looked. */
function ownFile(digest: string, facts: InputFact | undefined, paths: ReadonlyMap<string, string>): string {
  const [file] = Object.values(facts?.files ?? {}).flatMap((content) => paths.get(content) ?? []);
  return `a file of yours, ${digest.slice(0, 12)}${file === undefined ? '' : ` (${path.relative('', file)})`}`;
}

function named(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
