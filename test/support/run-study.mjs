// Runs a study with the compiled engine: node run-study.mjs STUDY.yaml. Prints a dot per finished instance, then the
// digests of the outputs.
import { registry } from '../../dist/bench/engine-study.js';
import { loadWorkflow, run } from '../../dist/index.js';

const result = await run(await loadWorkflow(process.argv[2], { registry }), {
  registry,
  onEvent: ({ type }) => type === 'finished' && process.stdout.write('.'),
});
const digests = [...result.outputs.values()].flat().map(({ digest }) => digest);
process.stdout.write(`\n${JSON.stringify({ ok: result.ok, ran: result.ran, digests })}\n`);
