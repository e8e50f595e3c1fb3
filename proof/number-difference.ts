import type { ArrayDifference, ElementPair } from '../numerics/array-difference.js';

/** One number in the locked result and in the one that was found. */
export interface Extreme {
  /** `conv1_1/k3 at (3, -12, 40) mm`, `line 3, t`. */
  readonly where: string;
  readonly locked: number;
  readonly found: number;
}

export interface NumberDifference extends Omit<ArrayDifference, 'largest' | 'relative'> {
  readonly largest?: Extreme;
  readonly relative?: Extreme;
}

/** Says of the extremes of a difference where they are. */
export async function withPlaces(
  { largest, relative, ...rest }: ArrayDifference,
  place: (at: number) => Promise<string>,
): Promise<NumberDifference> {
  const extreme = async ({ at, a, b }: ElementPair) => ({ where: await place(at), locked: a, found: b });
  return {
    ...rest,
    ...(largest && { largest: await extreme(largest) }),
    ...(relative && { relative: await extreme(relative) }),
  };
}
