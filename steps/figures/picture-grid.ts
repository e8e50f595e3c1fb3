import { fitText } from './font-metrics.js';
import { type Drawing, element, fontSize, ink, label, rectangle } from './svg.js';

export interface GridPicture {
  /** PNG, and its size in pixels. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Below the picture. */
  readonly text?: string;
}

export interface PictureGrid {
  /** Above each column. */
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly name: string;
    /** By column; undefined where there is none. */
    readonly pictures: readonly (GridPicture | undefined)[];
  }[];
  /** pt, names included. */
  readonly width: number;
  /** Space for the names of the rows, pt. */
  readonly left: number;
}

const GAP = 4;
const HEADING = 11;
/** Widest picture, pt. */
const WIDEST = 100;

/** Pictures in rows and columns, all of one size. */
export function pictureGrid({ columns, rows, width, left }: PictureGrid): Drawing {
  const cell = Math.min(WIDEST, (width - left + GAP) / Math.max(1, columns.length) - GAP);
  const first = rows.flatMap((row) => row.pictures).find((picture) => picture !== undefined);
  const cellHeight = first ? (cell * first.height) / first.width : 0;
  const parts = columns.map((text, n) =>
    label(left + n * (cell + GAP) + cell / 2, HEADING - 4, fitText(text, cell + GAP, fontSize.tick, true), {
      anchor: 'middle',
      bold: true,
    }),
  );
  let y = HEADING;
  for (const row of rows) {
    parts.push(
      label(left - 5, y + cellHeight / 2, fitText(row.name, left - 5, fontSize.tick), {
        anchor: 'end',
        vertical: 'middle',
      }),
    );
    row.pictures.forEach((picture, n) => {
      const x = left + n * (cell + GAP);
      const box = { x, y, width: cell, height: cellHeight };
      if (!picture) {
        parts.push(rectangle(x, y, cell, cellHeight, { fill: '#f2f2f2' }));
        return;
      }
      parts.push(
        element('image', {
          ...box,
          preserveAspectRatio: 'none',
          href: `data:image/png;base64,${Buffer.from(picture.png).toString('base64')}`,
          class: 'picture',
        }),
      );
      if (picture.text)
        parts.push(
          label(x + cell / 2, y + cellHeight + 7, picture.text, {
            size: fontSize.small,
            anchor: 'middle',
            fill: ink.soft,
          }),
        );
    });
    y += cellHeight + (row.pictures.some((picture) => picture?.text) ? 10 : GAP);
  }
  return { width: left + columns.length * (cell + GAP) - GAP, height: y, body: parts.join('') };
}
