/** A line of a table of annotations. Times in s after the start of the first window. */
export interface Annotation {
  readonly onset: number;
  /** 0 for an instant. */
  readonly duration: number;
  readonly value: number;
}

export interface Windows {
  readonly count: number;
  /** s */
  readonly window: number;
}

/** Share of each window `[window]` in which at least one is there. */
export function presence(annotations: readonly Annotation[], windows: Windows): Float64Array {
  return sums(
    merged(annotations).map((annotation) => ({ ...annotation, value: 1 })),
    windows,
  );
}

/** Mean over each window `[window]` of the sum of the values that are there. */
export function sums(annotations: readonly Annotation[], { count, window }: Windows): Float64Array {
  const out = new Float64Array(count);
  for (const { onset, duration, value } of annotations) {
    const end = onset + duration;
    for (let n = Math.max(0, Math.floor(onset / window)); n < count && n * window < end; n++) {
      const inside = Math.min(end, (n + 1) * window) - Math.max(onset, n * window);
      if (inside > 0) out[n]! += (value * inside) / window;
    }
  }
  return out;
}

/** How many begin in each window `[window]`. */
export function onsets(annotations: readonly Annotation[], { count, window }: Windows): Float64Array {
  const out = new Float64Array(count);
  for (const { onset } of annotations) {
    // Tables have decimals that are not exact in binary: 2.2 / 0.2 is less than 11.
    const n = Math.floor(onset / window + 1e-9);
    if (n >= 0 && n < count) out[n]!++;
  }
  return out;
}

/** Overlapping stretches become one. */
function merged(annotations: readonly Annotation[]): Annotation[] {
  const out: Annotation[] = [];
  for (const next of [...annotations].sort((a, b) => a.onset - b.onset)) {
    const last = out.at(-1);
    if (!last || next.onset > last.onset + last.duration) {
      out.push(next);
      continue;
    }
    const end = Math.max(last.onset + last.duration, next.onset + next.duration);
    out[out.length - 1] = { ...last, duration: end - last.onset };
  }
  return out;
}
