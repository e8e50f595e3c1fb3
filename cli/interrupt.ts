import { setMaxListeners } from 'node:events';
import { complain } from './streams.js';

/** What a stopping run may take before the process ends anyway; the store is whole at any instant. */
const PATIENCE_MS = 1500;

/** After the last word of a stopped command only threads inside native code keep the process; nobody waits for them. */
const LINGER_MS = 50;

/** Turns Ctrl-C (SIGINT) and SIGTERM into an abort: the first stops the run in good order, the second ends at once. */
export function interruptible(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  // Every running step listens, many of them at once; Node would take more than ten for a leak.
  setMaxListeners(0, controller.signal);
  const stop = () => {
    if (controller.signal.aborted) endAtOnce();
    controller.abort();
    complain(
      '',
      'Stopping. What is finished is kept, and the same command goes on from there. (Ctrl-C again ends at once.)',
    );
    setTimeout(endAtOnce, PATIENCE_MS).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    end() {
      // After the first Ctrl-C the process is on its way out; until then Ctrl-C ends it as it ends any program.
      if (controller.signal.aborted) {
        setTimeout(endAtOnce, LINGER_MS).unref();
        return;
      }
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

/**
 * Ends by the signal itself, which a shell reports as 130 too. `process.exit` would first end the worker threads, and a
 * thread that is inside native code at that moment takes the process down with an abort and a core dump.
 */
function endAtOnce(): void {
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}
