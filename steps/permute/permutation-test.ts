import { UserError } from '../../artifacts/user-error.js';
import { OneSample } from '../../numerics/group.js';
import { type GroupDesign, LinearGroup } from '../../numerics/group-linear.js';
import { oneSampleModel, type PermutationModel, type Rearrangements } from '../../numerics/permutation-model.js';
import { shuffles } from '../../numerics/shuffles.js';
import { signFlips } from '../../numerics/sign-flips.js';
import type { Design } from '../group/design.js';
import type { PermuteParams } from './index.js';

/** A test over subjects, and how it is rearranged. */
export interface PermutationTest {
  readonly model: PermutationModel;
  readonly rearranged: Rearrangements;
  /** Of rearrangements, the first of which is the identity. */
  readonly count: number;
  readonly exact: boolean;
  /** `t` [voxel] of effects [subject, voxel], to the last bit as in `group`. */
  tOf(effects: Float64Array): Float64Array;
}

export function permutationTest(
  design: Design,
  subjects: number,
  { permutations, seed, sides }: Pick<PermuteParams, 'permutations' | 'seed' | 'sides'>,
): PermutationTest {
  const { test } = design;
  const { model, tOf } = subjectTest(design, subjects);
  const sum = model.effect.reduce((total, value) => total + value, 0);
  // A constant moves the effect: its null hypothesis says something of signs. Else it says that places do not matter.
  if (Math.abs(sum) > 1e-9 * Math.sqrt(subjects)) {
    const { signs, count, exact } = signFlips(subjects, permutations, seed, sides);
    return { model, rearranged: { kind: 'signs', signs }, count, exact, tOf };
  }
  const kinds = test.kind === 'linear' ? kindsOf(test.design) : new Int32Array(subjects);
  const { order, count, exact } = shuffles(kinds, permutations, seed);
  return { model, rearranged: { kind: 'order', order }, count, exact, tOf };
}

/** A design with a t contrast as permutations and residuals need it. */
export function subjectTest({ test }: Design, subjects: number): Pick<PermutationTest, 'model' | 'tOf'> {
  if (test.kind === 'welch') throw new UserError({ message: 'a test with two variances has no one model' });
  return {
    model: test.kind === 'linear' ? modelOf(test.design) : oneSampleModel(subjects),
    tOf(effects) {
      const voxels = effects.length / subjects;
      const sample = test.kind === 'linear' ? new LinearGroup(voxels, test.design) : new OneSample(voxels);
      for (let s = 0; s < subjects; s++) {
        sample.nextSubject();
        sample.put(0, effects.subarray(s * voxels, (s + 1) * voxels));
      }
      const t = new Float64Array(voxels);
      sample.place({ t }, 0, voxels);
      return t;
    },
  };
}

/**
 * The direction of a contrast in the design's orthonormal coordinates, and an orthonormal basis of what is orthogonal to it
 * (reflecting the first coordinate onto the contrast: Householder), both as rows over subjects.
 */
function modelOf({ subjects, basis, rank, contrast }: GroupDesign): PermutationModel {
  const [row] = contrast;
  const length = Math.hypot(...row!);
  const direction = row!.map((value) => value / length);
  // H = I - 2 v v' takes the first coordinate to the direction (or its negative); its other columns are orthogonal to it.
  const sign = direction[0]! > 0 ? -1 : 1;
  const v = Float64Array.from(direction);
  v[0]! -= sign;
  const squares = v.reduce((total, value) => total + value * value, 0);
  const column = (c: number) => v.map((value, r) => (r === c ? 1 : 0) - (2 * value * v[c]!) / squares);
  const overSubjects = (coordinates: Float64Array) =>
    Float64Array.from({ length: subjects }, (_, s) =>
      coordinates.reduce((total, value, r) => total + value * basis[r * subjects + s]!, 0),
    );
  const others = Array.from({ length: rank - 1 }, (_, c) => overSubjects(column(c + 1)));
  return {
    subjects,
    effect: overSubjects(direction),
    nuisance: Float64Array.from(others.flatMap((other) => [...other])),
    df: subjects - rank,
  };
}

/** [subject] a number for each different row of the design. */
function kindsOf({ subjects, basis, rank }: GroupDesign): Int32Array {
  const rows = Array.from({ length: subjects }, (_, s) =>
    Array.from({ length: rank }, (_, r) => basis[r * subjects + s]!),
  );
  const same = (a: readonly number[], b: readonly number[]) => a.every((value, r) => Math.abs(value - b[r]!) < 1e-9);
  return Int32Array.from(rows, (row) => rows.findIndex((other) => same(other, row)));
}
