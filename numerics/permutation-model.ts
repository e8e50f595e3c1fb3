/** A test over subjects in the form that permutations need; t has `df` degrees of freedom. */
export interface PermutationModel {
  readonly subjects: number;
  /** `[subject]` direction of the effect, of length 1, orthogonal to the nuisance. */
  readonly effect: Float64Array;
  /** `[column, subject]` orthonormal: what the design holds beside the effect. */
  readonly nuisance: Float64Array;
  readonly df: number;
}

/** The mean of all subjects, and nothing else. */
export function oneSampleModel(subjects: number): PermutationModel {
  const effect = new Float64Array(subjects).fill(1 / Math.sqrt(subjects));
  return { subjects, effect, nuisance: new Float64Array(0), df: subjects - 1 };
}

/** Signs or another order of the subjects, whichever the test takes as exchangeable under the null hypothesis. */
export type Rearrangements =
  | { readonly kind: 'signs' /** `[rearrangement, subject]` 1 or -1. */; readonly signs: Int8Array }
  | {
      readonly kind: 'order' /** `[rearrangement, subject]` whose place in the design a subject's data take. */;
      readonly order: Int32Array;
    };

/** `[rearrangement, 1 + nuisance, subject]`, for `first` to `end`: multiplied with a voxel's residuals, the products of `PermutationBlock`. */
export function rearrangedRows(
  { subjects, effect, nuisance }: PermutationModel,
  rearranged: Rearrangements,
  first: number,
  end: number,
): Float64Array {
  const design = Float64Array.of(...effect, ...nuisance);
  const rows = new Float64Array((end - first) * design.length);
  for (let at = first; at < end; at++) {
    const from = at * subjects;
    for (let i = 0; i < design.length; i++) {
      const subject = i % subjects;
      const start = (at - first) * design.length + i - subject;
      rows[start + subject] =
        rearranged.kind === 'signs'
          ? design[i]! * rearranged.signs[from + subject]!
          : design[i - subject + rearranged.order[from + subject]!]!;
    }
  }
  return rows;
}

/**
 * Effects `[voxel, subject]` to residuals under the null model, each voxel's of length 1, in place. A voxel with a NaN in
 * `t` [voxel] is left out: its row is 0.
 */
export function toNullResiduals(
  effects: Float64Array,
  { subjects, nuisance }: PermutationModel,
  t: Float64Array,
): Float64Array {
  for (let v = 0; v < t.length; v++) {
    const row = effects.subarray(v * subjects, (v + 1) * subjects);
    if (!Number.isFinite(t[v]!)) {
      row.fill(0);
      continue;
    }
    for (let first = 0; first < nuisance.length; first += subjects) {
      let product = 0;
      for (let s = 0; s < subjects; s++) product += row[s]! * nuisance[first + s]!;
      for (let s = 0; s < subjects; s++) row[s]! -= product * nuisance[first + s]!;
    }
    let squares = 0;
    for (let s = 0; s < subjects; s++) squares += row[s]! * row[s]!;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let s = 0; s < subjects; s++) row[s]! *= scale;
  }
  return effects;
}
