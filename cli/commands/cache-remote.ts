import { UserError } from '../../artifacts/user-error.js';
import { storedResults } from '../../cache/contents.js';
import { openRemote, type RemoteOptions } from '../../cache/remote.js';
import { openStore } from '../../cache/store.js';
import { loadWorkflow, run } from '../../index.js';
import { existingCache } from '../existing-cache.js';
import { exitCode } from '../exit-code.js';
import { interruptible } from '../interrupt.js';
import { type RemoteFlags, remoteOf } from '../remote-options.js';
import { complain, print } from '../streams.js';
import type { CacheOptions } from '../study-options.js';
import { showPart } from '../terminal/show-part.js';
import { count } from '../terminal/text.js';

/** Fetches what a study needs and the cache lacks; makes nothing. */
export async function cachePullCommand(file: string, options: CacheOptions & RemoteFlags): Promise<number> {
  const { experiment, set = [], cache } = options;
  const remote = required(remoteOf(options));
  const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
  const interrupt = interruptible();
  let fetched = 0;
  let trouble = false;
  try {
    const result = await run(workflow, {
      ...(cache === undefined ? {} : { cache }),
      remote,
      fetchOnly: true,
      keepGoing: true,
      signal: interrupt.signal,
      onEvent(event) {
        if (event.type === 'hit' && event.fetched) print(`fetched ${event.instance}`);
        if (event.type === 'hit' && event.fetched) fetched++;
        if (event.type === 'note' && event.instance === 'remote cache') {
          complain(event.message);
          trouble = true;
        }
      },
    });
    if (result.interrupted) return exitCode.interrupted;
    print(
      `${count(fetched, 'result')} fetched, ${result.cached - fetched} were here, ${result.skipped} are not there.`,
    );
    return trouble ? exitCode.failed : exitCode.ok;
  } finally {
    interrupt.end();
  }
}

/** Gives the remote every result that it lacks. */
export async function cachePushCommand(options: { cache?: string } & RemoteFlags): Promise<number> {
  const store = await openStore(await existingCache(options.cache));
  const settings = required(remoteOf(options));
  if (settings.readOnly) {
    throw new UserError({
      message: 'the remote cache is only read here',
      hint: 'Leave out --remote-read-only (or unset VOXREEL_REMOTE_READ_ONLY).',
    });
  }
  const interrupt = interruptible();
  const part = showPart();
  let trouble = false;
  const remote = openRemote(
    settings,
    (message) => {
      part.close();
      complain(message);
      trouble = true;
    },
    interrupt.signal,
  );
  try {
    const queue = storedResults(store).flatMap(({ record }) => (record ? [record] : []));
    const total = queue.length;
    let done = 0;
    let given = 0;
    const giver = async () => {
      for (let record = queue.pop(); record && !trouble; record = queue.pop()) {
        if (!(await remote.has(record.key)) && (await remote.push(record, store))) given++;
        part.update('giving', ++done, total);
      }
    };
    await Promise.all(Array.from({ length: 4 }, giver));
    part.close();
    if (interrupt.signal.aborted) return exitCode.interrupted;
    print(`${count(given, 'result')} given${trouble ? '' : `, ${total - given} were there`}.`);
    return trouble ? exitCode.failed : exitCode.ok;
  } finally {
    part.close();
    remote.close();
    interrupt.end();
  }
}

function required(remote: RemoteOptions | undefined): RemoteOptions {
  if (remote) return remote;
  throw new UserError({
    message: 'no remote cache is named',
    expected: '--remote URL, or the environment variable VOXREEL_REMOTE',
    hint: 'Any web server that takes PUT will do: docs/caching.md shows nginx.',
  });
}
