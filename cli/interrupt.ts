import { setMaxListeners } from 'node:events';
import { exitCode } from './exit-code.js';
import { complain } from './streams.js';

/** What a stopping run may take before the process ends anyway; the store is whole at any instant. */
const PATIENCE_MS = 1800;

/** Turns Ctrl-C (SIGINT) and SIGTERM into an abort: the first stops the run in good order, the second ends at once. */
export function interruptible(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  // Every running step listens, many of them at once; Node would take more than ten for a leak.
  setMaxListeners(0, controller.signal);
  const stop = () => {
    if (controller.signal.aborted) process.exit(exitCode.interrupted);
    controller.abort();
    complain('', 'Stopping. What is finished is kept. (Ctrl-C again ends at once.)');
    setTimeout(() => process.exit(exitCode.interrupted), PATIENCE_MS).unref();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    end() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
