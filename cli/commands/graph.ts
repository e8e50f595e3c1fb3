import { loadWorkflow } from '../../engine/spec/load.js';
import { registry } from '../../steps/registry.js';
import { exitCode } from '../exit-code.js';
import { diagramOf } from '../graph/diagram.js';
import type { StudyOptions } from '../study-options.js';
import { writeOut } from '../write-out.js';

/** Draws the workflow as text for Mermaid or as an SVG picture. */
export async function graphCommand(
  file: string,
  options: StudyOptions & { format: 'mermaid' | 'svg'; out?: string },
): Promise<number> {
  const { experiment, set = [], format, out } = options;
  const workflow = await loadWorkflow(file, { registry, set, ...(experiment === undefined ? {} : { experiment }) });
  const diagram = diagramOf(workflow);
  const text =
    format === 'svg'
      ? (await import('../graph/svg.js')).svg(diagram)
      : (await import('../graph/mermaid.js')).mermaid(diagram);
  await writeOut(text, out);
  return exitCode.ok;
}
