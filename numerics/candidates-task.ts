import { type Candidates, type CountedCorrection, candidatesOf } from './height.js';

export interface CandidatesPayload {
  /** `[row, voxel]` row-major. */
  readonly values: Float32Array | Float64Array;
  /** `[row]` 1 where the map is left out. */
  readonly skip: Uint8Array;
  readonly correction: CountedCorrection;
}

/** Pool task `candidates.block`: what could pass in some of the maps that are corrected together. */
export function run({ values, skip, correction }: CandidatesPayload): Candidates {
  const width = values.length / skip.length;
  if (!skip.includes(1)) return candidatesOf(values, correction);
  const kept = values.filter((_, i) => skip[Math.floor(i / width)] === 0);
  return candidatesOf(kept, correction);
}
