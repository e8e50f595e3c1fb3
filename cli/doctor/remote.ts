import { openRemote } from '../../cache/remote.js';
import { type RemoteFlags, remoteOf } from '../remote-options.js';
import { type Finding, finding } from './finding.js';

/** Asks the remote cache, where one is named, for a result that nobody has. Gives it nothing. */
export function checkRemote(flags: RemoteFlags): Promise<Finding> {
  return finding('remote cache', async () => {
    const options = remoteOf(flags);
    if (!options) return { state: 'ok', found: 'none is named (--remote URL or VOXREEL_REMOTE)', facts: { url: null } };
    let trouble: string | undefined;
    const remote = openRemote(options, (message) => {
      trouble = message;
    });
    const began = performance.now();
    try {
      await remote.has('0'.repeat(64));
    } finally {
      remote.close();
    }
    const milliseconds = Math.round(performance.now() - began);
    const facts = { url: remote.url, readOnly: remote.readOnly, token: options.token !== undefined, milliseconds };
    if (trouble === undefined) {
      const use = remote.readOnly ? 'only read' : 'read; whether it takes results shows with the first that is given';
      return { state: 'ok', found: `${remote.url} answers in ${milliseconds} ms (${use})`, facts };
    }
    return {
      state: 'warning',
      found: trouble.replace('; it is not asked again in this run', ''),
      hint: 'A run goes on without it. Correct VOXREEL_REMOTE or VOXREEL_REMOTE_TOKEN, or unset it.',
      facts: { ...facts, trouble },
    };
  });
}
