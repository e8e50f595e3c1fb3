import { Graph, layout } from '@dagrejs/dagre';
import { escapeHtml } from '../../report/html.js';
import type { Diagram, DiagramNode } from './diagram.js';

const FONT = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';
/** Generous mean width of a character, in px per px of font size, so that no font overflows its box. */
const CHARACTER = 0.62;
const fills: Record<DiagramNode['kind'], { fill: string; stroke: string }> = {
  input: { fill: '#eef4fb', stroke: '#4a78a8' },
  step: { fill: '#ffffff', stroke: '#555555' },
  output: { fill: '#eef8ee', stroke: '#4c8a4c' },
};

/** The diagram as a stand-alone SVG, laid out in layers from top to bottom by dagre. */
export function svg({ title, nodes, edges }: Diagram): string {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 46, edgesep: 14, marginx: 16, marginy: 16 });
  for (const node of nodes) {
    const width = Math.max(textWidth(node.name, 14), textWidth(node.detail, 11)) + 24;
    graph.setNode(node.id, { width, height: 44 });
  }
  for (const [i, { from, to, label }] of edges.entries()) {
    graph.setEdge(from, to, { label, width: textWidth(label, 11) + 6, height: 14, labelpos: 'c' }, `edge ${i}`);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const size = `width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${escapeHtml(FONT)}" role="img">`,
    `<title>${escapeHtml(title)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.5 L8 4 L0 7.5 z" fill="#777"/></marker></defs>',
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...graph.edges().map((edge: unknown) => drawEdge(graph.edge(edge as never) as unknown as LaidOutEdge)),
    ...nodes.map((node) => drawNode(node, graph.node(node.id) as unknown as LaidOutNode)),
    '</svg>',
    '',
  ].join('\n');
}

interface LaidOutNode {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface LaidOutEdge {
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly label: string;
  readonly x?: number;
  readonly y?: number;
}

function drawNode(node: DiagramNode, { x, y, width, height }: LaidOutNode): string {
  const { fill, stroke } = fills[node.kind];
  const radius = node.kind === 'input' ? height / 2 : 5;
  return [
    `<g><rect x="${px(x - width / 2)}" y="${px(y - height / 2)}" width="${px(width)}" height="${px(height)}" rx="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="1.2"/>`,
    `<text x="${px(x)}" y="${px(y - 2)}" font-size="14" font-weight="600" text-anchor="middle" fill="#111">${escapeHtml(node.name)}</text>`,
    `<text x="${px(x)}" y="${px(y + 14)}" font-size="11" text-anchor="middle" fill="#555">${escapeHtml(node.detail)}</text></g>`,
  ].join('');
}

function drawEdge({ points, label, x, y }: LaidOutEdge): string {
  const line = `<path d="${smooth(points)}" fill="none" stroke="#777" stroke-width="1.2" marker-end="url(#arrow)"/>`;
  if (!label || x === undefined || y === undefined) return line;
  const width = textWidth(label, 11) + 4;
  const back = `<rect x="${px(x - width / 2)}" y="${px(y - 8)}" width="${px(width)}" height="15" fill="#ffffff" opacity="0.9"/>`;
  return `${line}${back}<text x="${px(x)}" y="${px(y + 3.5)}" font-size="11" text-anchor="middle" fill="#555">${escapeHtml(label)}</text>`;
}

/** Straight to the first bend, then a quadratic curve through the middle of every further stretch. */
function smooth(points: LaidOutEdge['points']): string {
  const at = (i: number) => points[i]!;
  let path = `M${px(at(0).x)} ${px(at(0).y)}`;
  for (let i = 1; i < points.length - 1; i++) {
    const middle = { x: (at(i).x + at(i + 1).x) / 2, y: (at(i).y + at(i + 1).y) / 2 };
    path += ` Q${px(at(i).x)} ${px(at(i).y)} ${px(middle.x)} ${px(middle.y)}`;
  }
  const last = at(points.length - 1);
  return `${path} L${px(last.x)} ${px(last.y)}`;
}

function textWidth(text: string, size: number): number {
  return text.length * size * CHARACTER;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
