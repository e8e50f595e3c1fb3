/**
 * SVG as strings. A `Drawing` is a piece with a size in points (1/72 inch, so font sizes are those of print); pieces
 * are placed into larger ones. Coordinates are rounded to 0.01 pt: same input, same bytes.
 */
export interface Drawing {
  /** pt */
  readonly width: number;
  /** pt */
  readonly height: number;
  /** SVG elements, origin at the top left. */
  readonly body: string;
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** What every figure uses: dark grey ink, lighter grey for axes. */
export const ink = { text: '#1a1a1a', soft: '#595959', line: '#8c8c8c', faint: '#d9d9d9', warning: '#a33c00' } as const;

/** Sizes in pt: nothing in a figure is printed smaller than `small`. */
export const fontSize = { title: 9, label: 7.5, tick: 6.5, small: 5.5 } as const;

/** DejaVu Sans is what PNGs are drawn with; Verdana has its widths, for viewers without it. */
const fontFamily = "'DejaVu Sans', Verdana, sans-serif";

/** One element. Undefined attributes are left out. `children` are markup, already escaped. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? number(value) : escapeText(value!)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export interface TextStyle {
  /** pt. Default `fontSize.tick`. */
  readonly size?: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
  readonly fill?: string;
  /** Degrees, clockwise, about (x, y). */
  readonly rotate?: number;
  /** Colour of an outline that keeps the text legible on a picture. */
  readonly halo?: string;
  /** Whether y is the baseline (default) or the middle of the digits. */
  readonly vertical?: 'baseline' | 'middle';
}

/** A line of text at (x, y). */
export function label(x: number, y: number, content: string, style: TextStyle = {}): string {
  const size = style.size ?? fontSize.tick;
  const attributes = {
    x,
    // Digits and capitals of DejaVu Sans are 0.73 em high.
    y: style.vertical === 'middle' ? y + 0.365 * size : y,
    'font-size': size,
    'text-anchor': style.anchor === 'start' ? undefined : style.anchor,
    'font-weight': style.bold ? 'bold' : undefined,
    fill: style.fill ?? ink.text,
    ...(style.halo ? { stroke: style.halo, 'stroke-width': 0.2 * size, 'paint-order': 'stroke' } : {}),
    transform: style.rotate ? `rotate(${number(style.rotate)} ${number(x)} ${number(y)})` : undefined,
  };
  return element('text', attributes, escapeText(content));
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string {
  return element('line', { x1, y1, x2, y2, stroke: ink.line, 'stroke-width': 0.5, ...attributes });
}

export function rectangle(x: number, y: number, width: number, height: number, attributes: Attributes): string {
  return element('rect', { x, y, width, height, ...attributes });
}

/** A drawing moved to (x, y). */
export function place(x: number, y: number, drawing: Drawing): string {
  return element('g', { transform: `translate(${number(x)} ${number(y)})` }, drawing.body);
}

/** Drawings under each other. */
export function stack(drawings: readonly Drawing[], gap: number): Drawing {
  let height = 0;
  const placed = drawings.map((drawing, n) => {
    const y = n === 0 ? 0 : height + gap;
    height = y + drawing.height;
    return place(0, y, drawing);
  });
  return { width: Math.max(0, ...drawings.map((drawing) => drawing.width)), height, body: placed.join('') };
}

/** Browsers smooth enlarged pictures even where `image-rendering` asks for speed; this word for it is too new for resvg, which skips the rule. */
const EXACT = '@supports (image-rendering: pixelated) { [image-rendering] { image-rendering: pixelated } }';

/** A complete SVG file. `title` is for screen readers and file managers. */
export function svgFile(drawing: Drawing, title: string): string {
  const { width, height, body } = drawing;
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    width: `${number(width)}pt`,
    height: `${number(height)}pt`,
    viewBox: `0 0 ${number(width)} ${number(height)}`,
    'font-family': fontFamily,
    role: 'img',
  };
  const page = rectangle(0, 0, width, height, { fill: '#ffffff' });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('svg', attributes, element('title', {}, escapeText(title)), element('style', {}, EXACT), page, body)}\n`;
}

export function hex([red, green, blue]: readonly [number, number, number]): string {
  return `#${[red, green, blue].map((v) => v.toString(16).padStart(2, '0')).join('')}`;
}

export function number(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`cannot draw at ${value}`);
  return String(Math.round(value * 100) / 100 + 0);
}

/** Escapes markup, and drops the control characters that XML 1.0 cannot hold. */
export function escapeText(content: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return content.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"]/g, (c) => names[c]!);
}
