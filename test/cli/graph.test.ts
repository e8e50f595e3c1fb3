import { Resvg } from '@resvg/resvg-js';
import { describe, expect, it } from 'vitest';
import type { Diagram } from '../../cli/graph/diagram.js';
import { mermaid } from '../../cli/graph/mermaid.js';
import { svg } from '../../cli/graph/svg.js';

const diagram: Diagram = {
  title: 'a "study" <of> two & more',
  nodes: [
    { id: 'inputs.bold', kind: 'input', name: 'bold', detail: 'bids' },
    { id: 'steps.smoothed', kind: 'step', name: 'smoothed', detail: 'smooth, for each of bold' },
    { id: 'steps.fit', kind: 'step', name: 'fit', detail: './glm<2>.mjs' },
    { id: 'outputs.fit', kind: 'output', name: 'fit', detail: 'results' },
  ],
  edges: [
    { from: 'inputs.bold', to: 'steps.smoothed', label: 'image' },
    { from: 'inputs.bold', to: 'steps.fit', label: 'mask' },
    { from: 'inputs.bold', to: 'steps.fit', label: 'confounds' },
    { from: 'steps.smoothed', to: 'steps.fit', label: 'bold' },
    { from: 'steps.fit', to: 'outputs.fit', label: '' },
  ],
};

describe('the SVG graph', () => {
  const text = svg(diagram);

  it('is well-formed, whatever the names hold', () => {
    // resvg parses XML strictly and throws for anything malformed.
    const picture = new Resvg(text).render();
    expect(picture.width).toBeGreaterThan(100);
    expect(picture.height).toBeGreaterThan(150);
    expect(() => new Resvg(text.replace('&lt;', '<'))).toThrow();
  });

  it('has a box for each node, none over another, and an arrow for each edge', () => {
    const number = (tag: string, name: string) => Number(new RegExp(` ${name}="([-0-9.]+)"`).exec(tag)![1]);
    const boxes = [...text.matchAll(/<g><rect [^>]*>/g)].map(([tag]) => ({
      left: number(tag, 'x'),
      top: number(tag, 'y'),
      right: number(tag, 'x') + number(tag, 'width'),
      bottom: number(tag, 'y') + number(tag, 'height'),
    }));
    expect(boxes).toHaveLength(4);
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        expect(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top).toBe(true);
      }
    }
    expect(text.match(/marker-end/g)).toHaveLength(5);
  });
});

describe('the Mermaid graph', () => {
  it('has a line for each node and edge, with markup and quotes escaped', () => {
    const lines = mermaid(diagram).split('\n');
    expect(lines).toContain('  n0(["bold<br/><small>bids</small>"]):::input');
    expect(lines).toContain('  n2["fit<br/><small>./glm&lt;2&gt;.mjs</small>"]:::step');
    expect(lines).toContain('  n0 -->|"mask"| n2');
    expect(lines).toContain('  n2 --> n3');
  });
});
