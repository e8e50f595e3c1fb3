import { sha256 } from '../cache/digest.js';
import type { DescribeResults } from './describe-results.js';
import type { Execution } from './execution.js';
import type { Plan } from './plan.js';
import { voxreelVersion } from './version.js';

/** Raised when the texts change though nothing they are made from does. */
const FORMAT = 2;

/** The texts that lie beside the results and say how they came to be: the workflow's files, methods and the crate's metadata. */
export function provenanceOf(
  { graph, inputs, keys }: Pick<Plan, 'graph' | 'inputs' | 'keys'>,
  { results }: Pick<Execution, 'results'>,
): DescribeResults {
  const { workflow } = graph;
  const { name, experiment, params } = workflow;
  const files = workflow.files.map(({ copy, text }) => ({ name: copy, text }));
  const parts = [
    JSON.stringify({ FORMAT, voxreel: voxreelVersion(), name, experiment, params, about: workflow.about, files }),
  ];
  for (const id of graph.byId.keys()) {
    const record = results.get(id);
    if (record) parts.push(`${id} ${record.key} ${record.made}`);
  }
  return {
    of: sha256(parts.join('\n')),
    partial: results.size < graph.byId.size,
    async texts(manifest) {
      const [{ CRATE_FILE, crateText }, { composeMethods }] = await Promise.all([
        import('./crate/crate.js'),
        import('./methods/compose.js'),
      ]);
      const { markdown, bibliography } = await composeMethods({ graph, inputs, keys, results });
      const documents = [
        { name: 'methods.md', text: markdown, about: 'What was done, in words, for a methods section.' },
        { name: 'references.bib', text: bibliography, about: 'What methods.md cites.' },
      ];
      const [file, ...parts] = files.map(described);
      const published = manifest.outputs;
      const crate = crateText({
        graph,
        inputs,
        keys,
        results,
        published,
        file: file!,
        parts,
        documents: documents.map(described),
      });
      return new Map([...[...files, ...documents].map(({ name, text }) => [name, text] as const), [CRATE_FILE, crate]]);
    },
  };
}

function described<T extends { readonly text: string }>({ text, ...others }: T) {
  return { ...others, size: Buffer.byteLength(text), digest: sha256(text) };
}
