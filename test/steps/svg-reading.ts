import { textWidth } from '../../steps/figures/font-metrics.js';

/** A figure as a reader of the file sees it: elements with their place on the page. */
export interface Placed {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Text content of `text` elements. */
  readonly content: string;
  /** Offset of its group on the page, pt. */
  readonly x: number;
  readonly y: number;
}

/** All elements in order. Throws where tags do not nest: an independent check that the file is well-formed. */
export function elementsOf(svg: string): Placed[] {
  const stack: { name: string; x: number; y: number }[] = [];
  const found: { -readonly [K in keyof Placed]: Placed[K] }[] = [];
  const tag = /<(\/?)([a-z]+)((?:\s[a-z0-9-]+="[^"<]*")*)\s*(\/?)>|<\?[^>]*\?>|([^<]+)/gi;
  let end = 0;
  for (const match of svg.matchAll(tag)) {
    if (match.index !== end) throw new Error(`not XML at ${end}: ${svg.slice(end, end + 60)}`);
    end += match[0].length;
    const [, closing, name, attributeText, empty, text] = match;
    if (text !== undefined) {
      if (stack.at(-1)?.name === 'text') found.findLast((e) => e.name === 'text')!.content += unescapeText(text);
      continue;
    }
    if (!name) continue;
    if (closing) {
      if (stack.pop()?.name !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    const attributes = Object.fromEntries(
      [...attributeText!.matchAll(/\s([a-z0-9-]+)="([^"]*)"/gi)].map(([, key, value]) => [key!, unescapeText(value!)]),
    );
    const [x, y] = [stack.at(-1)?.x ?? 0, stack.at(-1)?.y ?? 0];
    const shift = /^translate\(([-\d.]+) ([-\d.]+)\)$/.exec(name === 'g' ? (attributes.transform ?? '') : '');
    found.push({ name, attributes, content: '', x, y });
    if (!empty) stack.push({ name, x: x + Number(shift?.[1] ?? 0), y: y + Number(shift?.[2] ?? 0) });
  }
  if (end !== svg.length || stack.length) throw new Error('the file ends inside an element');
  return found;
}

export interface Box {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where each text lies on the page: its width by the font, from its baseline to the height of its capitals. */
export function textBoxes(svg: string): Box[] {
  return elementsOf(svg)
    .filter(({ name }) => name === 'text')
    .map(({ attributes: a, content, x, y }) => {
      const size = Number(a['font-size']);
      const width = textWidth(content, size, a['font-weight'] === 'bold');
      const start = a['text-anchor'] === 'middle' ? -width / 2 : a['text-anchor'] === 'end' ? -width : 0;
      const [tx, ty] = [x + Number(a.x), y + Number(a.y)];
      const upright = { left: tx + start, right: tx + start + width, top: ty - 0.73 * size, bottom: ty };
      // The only rotation used is a quarter turn to the left.
      const turned = { left: tx - 0.73 * size, right: tx, top: ty - start - width, bottom: ty - start };
      return { text: content, ...(a.transform?.startsWith('rotate(-90') ? turned : upright) };
    });
}

/** Pairs of texts that run into each other by more than 0.3 pt. */
export function overlaps(boxes: readonly Box[]): string[] {
  return boxes.flatMap((a, i) =>
    boxes.slice(i + 1).flatMap((b) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      return across > 0.3 && down > 0.3 ? [`"${a.text}" and "${b.text}"`] : [];
    }),
  );
}

function unescapeText(text: string): string {
  return text
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}
