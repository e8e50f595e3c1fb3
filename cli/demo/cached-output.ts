import type { Artifact } from '../../artifacts/artifact.js';
import { openStore } from '../../cache/store.js';
import { defaultCache, plan, type Workflow } from '../../index.js';

/**
 * The first output of a step that has run, straight from the cache; undefined when the workflow has no such step or its
 * result is not there. The step must not be fanned out.
 */
export async function cachedOutput(workflow: Workflow, step: string): Promise<Artifact | undefined> {
  const planned = (await plan(workflow)).instances.find(({ instance }) => instance.id === step);
  const output = Object.values(planned?.record?.outputs ?? {})[0];
  if (!output) return undefined;
  const store = await openStore(defaultCache(workflow));
  const files = Object.entries(output.files).map(([role, { digest }]) => [role, store.blob(digest)]);
  const { type, digest, meta } = output;
  return { type, digest, meta, files: Object.fromEntries(files), origin: `steps.${step}` };
}
