/** Advance widths of DejaVu Sans (2.37), thousandths of an em, for the characters 32 to 126. */
const WIDTHS = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
  636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
  748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
  615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
  337, 636, 838,
];
/** Bold is wider, by at most this much for whole words. */
const BOLD = 1.13;
/** For anything else: most Latin letters with accents are narrower, mathematical signs and CJK wider. */
const OTHER = 840;

/** Width of a line of text at a font size, both in pt. Exact for plain ASCII in the regular face, else a little large. */
export function textWidth(content: string, size: number, bold = false): number {
  let sum = 0;
  for (const character of content) sum += WIDTHS[character.codePointAt(0)! - 32] ?? OTHER;
  return (sum / 1000) * size * (bold ? BOLD : 1);
}

/** Lines of at most `width` pt, broken at spaces. A word longer than a line stands alone on it. */
export function wrapText(content: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(/\s+/).filter(Boolean)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The text, or its start with an ellipsis where it is wider than `width` pt. */
export function fitText(content: string, width: number, size: number, bold = false): string {
  if (textWidth(content, size, bold) <= width) return content;
  let kept = [...content];
  while (kept.length > 1 && textWidth(`${kept.join('')}…`, size, bold) > width) kept = kept.slice(0, -1);
  return `${kept.join('').trimEnd()}…`;
}
