/** What was measured of one frame. */
export interface MeasuredFrame {
  /** Time stamp in s, from the start of the file. */
  readonly seconds: number;
  /** `[column]`; NaN where a column has no value for the frame. */
  readonly values: Float64Array;
}

export interface WindowOptions {
  readonly window: number;
  readonly start: number;
  /** No window goes beyond this time, s. */
  readonly stop?: number;
  /** Length that the file states, s; null when it states none. */
  readonly stated: number | null;
  /** Columns that are 0 where a frame is held. */
  readonly still: readonly boolean[];
}

/** webm and mkv keep whole milliseconds: a frame this much before a window (s) belongs to it. As in `decode`. */
const rounding = 0.0005 + 1e-9;
/** Precision of the length that a file states, s. */
const statedTo = 0.01;

/**
 * Means of the frames' values in windows, by the rule of `decode`: a frame belongs to the window that holds its time stamp, a window
 * in which none begins has the values of the frame before it. `[window][column]`, and the time at which the pictures end.
 */
export class WindowMeans {
  readonly rows: Float64Array[] = [];
  #sums: Float64Array;
  #counts: Float64Array;
  #any = false;
  #last: MeasuredFrame | null = null;
  #end = 0;
  #first: MeasuredFrame | null = null;
  readonly #options: WindowOptions;

  constructor(options: WindowOptions) {
    this.#options = options;
    this.#sums = new Float64Array(options.still.length);
    this.#counts = new Float64Array(options.still.length);
  }

  /** Whether a frame at this time is past what is wanted. */
  isPast(seconds: number): boolean {
    return seconds >= (this.#options.stop ?? Number.POSITIVE_INFINITY) - rounding;
  }

  /** Frames come in order of time; none that `isPast`. */
  add(frame: MeasuredFrame): void {
    const { window, start } = this.#options;
    const { seconds, values } = frame;
    const interval = this.#last ? Math.max(0, seconds - this.#last.seconds) : 0;
    if (interval > 0 || !this.#last) this.#end = seconds + interval;
    this.#first ??= frame;
    const index = Math.floor((seconds - start + rounding) / window);
    while (this.rows.length < index) this.#finish();
    if (index >= 0) {
      this.#any = true;
      values.forEach((value, column) => {
        if (Number.isNaN(value)) return;
        this.#sums[column]! += value;
        this.#counts[column]! += 1;
      });
    }
    this.#last = frame;
  }

  /** `stopped`: frames after `stop` were seen. Returns the time at which the pictures end, s. */
  end(stopped: boolean): number {
    if (!this.#last) return 0;
    const { window, start, stop = Number.POSITIVE_INFINITY, stated } = this.#options;
    if (stopped) this.#end = Math.max(this.#end, stop);
    else if (stated !== null && this.#end > stated + statedTo) this.#end = Math.max(stated, this.#last.seconds);
    const end = Math.min(this.#end, stop);
    while (this.#any || start + this.rows.length * window < end - rounding) this.#finish();
    return this.#end;
  }

  #finish(): void {
    const { still } = this.#options;
    // Before the first frame of all, the first is shown.
    const held = (this.#last ?? this.#first)?.values;
    this.rows.push(
      this.#sums.map((sum, column) => {
        if (this.#counts[column]! > 0) return sum / this.#counts[column]!;
        return still[column] || !held ? 0 : held[column]!;
      }),
    );
    this.#sums = new Float64Array(still.length);
    this.#counts = new Float64Array(still.length);
    this.#any = false;
  }
}
