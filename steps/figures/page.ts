import { wrapText } from './font-metrics.js';
import { type Drawing, fontSize, ink, label, place, rectangle, svgFile } from './svg.js';

export interface Page {
  /** Above the drawing, and the title of the SVG. */
  readonly title: string;
  readonly drawing: Drawing;
  /** Below it, one paragraph each: conventions, thresholds, units. */
  readonly notes?: readonly string[];
  /** Anything in it descends from made-up weights. */
  readonly untrained?: boolean;
}

const MARGIN = 8;
/** Width that title, banner and notes need at least, pt. */
const NARROWEST = 300;
export const UNTRAINED = 'Untrained network (synthetic weights): says nothing about the brain';

/** A figure as a complete SVG file: title, drawing, notes, and a banner where the network was never trained. */
export function figurePage(page: Page): string {
  const { title, drawing, notes = [], untrained } = page;
  const inner = Math.max(drawing.width, NARROWEST);
  const width = inner + 2 * MARGIN;
  // The bold face is up to 13 % wider than the widths known.
  const titles = wrapText(title, inner / 1.13, fontSize.title);
  const parts: string[] = [];
  let y = MARGIN;
  if (untrained) {
    parts.push(rectangle(MARGIN, y, inner, 13, { fill: '#fff1e6', stroke: ink.warning, 'stroke-width': 0.6 }));
    parts.push(label(MARGIN + 5, y + 6.5, UNTRAINED, { bold: true, fill: ink.warning, vertical: 'middle' }));
    y += 18;
  }
  for (const text of titles) {
    y += fontSize.title;
    parts.push(label(MARGIN, y, text, { size: fontSize.title, bold: true }));
    y += 3;
  }
  y += 4;
  parts.push(place(MARGIN, y, drawing));
  y += drawing.height + 5;
  for (const text of notes.flatMap((note) => wrapText(note, inner, fontSize.tick))) {
    y += fontSize.tick;
    parts.push(label(MARGIN, y, text, { fill: ink.soft }));
    y += 2;
  }
  return svgFile({ width, height: y + MARGIN - 2, body: parts.join('') }, untrained ? `${title}. ${UNTRAINED}` : title);
}
