import { escapeHtml } from '../../report/html.js';
import type { Diagram, DiagramNode } from './diagram.js';

/** The diagram as a Mermaid flowchart: GitHub, GitLab and many editors draw it from a ```mermaid block. */
export function mermaid({ title, nodes, edges }: Diagram): string {
  const ids = new Map(nodes.map((node, i) => [node.id, `n${i}`]));
  return [
    '---',
    `title: ${JSON.stringify(title)}`,
    '---',
    'flowchart TD',
    ...nodes.map((node) => `  ${ids.get(node.id)}${box(node)}:::${node.kind}`),
    ...edges.map(({ from, to, label }) => {
      const arrow = label === '' ? '-->' : `-->|${quote(label)}|`;
      return `  ${ids.get(from)} ${arrow} ${ids.get(to)}`;
    }),
    '  classDef input fill:#eef4fb,stroke:#4a78a8,color:#12263a',
    '  classDef step fill:#fff,stroke:#444,color:#111',
    '  classDef output fill:#eef8ee,stroke:#4c8a4c,color:#12301a',
    '',
  ].join('\n');
}

function box(node: DiagramNode): string {
  const text = quote(`${node.name}<br/><small>${escapeHtml(node.detail)}</small>`);
  if (node.kind === 'input') return `([${text}])`;
  if (node.kind === 'output') return `[/${text}/]`;
  return `[${text}]`;
}

/** Mermaid has no escape for a double quote inside quotes but its entity. */
function quote(text: string): string {
  return `"${text.replaceAll('"', '#quot;')}"`;
}
