// Runs a study with the compiled engine: node run-study.mjs STUDY.yaml [STALE_MS]. Prints a dot per finished instance,
// then the digests of the outputs. A run that shares the store counts as dead after STALE_MS without a sign of life.
import { registry } from '../../dist/bench/engine-study.js';
import { loadWorkflow, run } from '../../dist/index.js';

const [study, staleMs] = process.argv.slice(2);
const events = { waiting: 0, damaged: 0 };
const result = await run(await loadWorkflow(study, { registry }), {
  registry,
  ...(staleMs ? { leaseTiming: { heartbeatMs: Number(staleMs) / 5, staleMs: Number(staleMs) } } : {}),
  onEvent(event) {
    if (event.type === 'finished') process.stdout.write('.');
    if (event.type === 'waiting') events.waiting++;
    if (event.type === 'started' && event.reasons.some(({ kind }) => kind === 'damaged')) events.damaged++;
  },
});
const digests = [...result.outputs.values()].flat().map(({ digest }) => digest);
process.stdout.write(`\n${JSON.stringify({ ok: result.ok, ran: result.ran, ...events, digests })}\n`);
