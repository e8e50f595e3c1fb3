/** A finished figure, as the drawing modules hand it over. */
export interface Figure {
  /** Start of the file names: `figure-3_probability`. */
  readonly name: string;
  /** One sentence for sidecars and reports. */
  readonly caption: string;
  readonly svg: string;
}

/** What every drawing module needs to know of the page. */
export interface Sheet {
  /** Width of a drawing inside the margins, pt. */
  readonly width: number;
}
