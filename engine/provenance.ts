import path from 'node:path';
import { sha256 } from '../cache/digest.js';
import type { DescribeResults } from './describe-results.js';
import type { Execution } from './execution.js';
import type { Plan } from './plan.js';
import { voxreelVersion } from './version.js';

/** Raised when the texts change though nothing they are made from does. */
const FORMAT = 1;

/** The texts that lie beside the results and say how they came to be: the workflow file and the crate's metadata. */
export function provenanceOf({ graph, inputs, keys }: Plan, { results }: Execution): DescribeResults {
  const { workflow } = graph;
  const { name, experiment, params, about, text } = workflow;
  const parts = [JSON.stringify({ FORMAT, voxreel: voxreelVersion(), name, experiment, params, about, text })];
  for (const id of graph.byId.keys()) {
    const record = results.get(id);
    if (record) parts.push(`${id} ${record.key} ${record.made}`);
  }
  return {
    of: sha256(parts.join('\n')),
    partial: results.size < graph.byId.size,
    async texts(manifest) {
      const { CRATE_FILE, crateText } = await import('./crate/crate.js');
      const file = { name: path.basename(workflow.file), size: Buffer.byteLength(text), digest: sha256(text) };
      const documents = [] as const;
      const published = manifest.outputs;
      const crate = crateText({ graph, inputs, keys, results, published, file, documents });
      return new Map([
        [file.name, text],
        [CRATE_FILE, crate],
      ]);
    },
  };
}
