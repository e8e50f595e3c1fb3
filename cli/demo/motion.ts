import { autoregressive } from './noise.js';
import type { Random } from './random.js';

/** fMRIPrep's order: three translations (mm), three rotations (rad). */
const motionNames = ['trans_x', 'trans_y', 'trans_z', 'rot_x', 'rot_y', 'rot_z'] as const;

export interface Confounds {
  readonly columns: readonly string[];
  /** [volume, column]; null is written as `n/a`. */
  readonly rows: readonly (readonly (number | null)[])[];
}

/** Six head movements [parameter][volume]: slow wander, small jitter and a few jerks that stay. */
export function drawMotion(random: Random, volumes: number): Float64Array[] {
  const jerks = Array.from({ length: 2 }, () => Math.floor(random.between(0.1, 0.9) * volumes));
  return motionNames.map((name) => {
    const unit = name.startsWith('trans') ? 1 : 0.012;
    const slow = autoregressive(random, volumes, 0.98);
    const fast = autoregressive(random, volumes, 0.2);
    const steps = jerks.map(() => random.normal() * 0.12);
    return slow.map((value, t) => {
      const jerk = steps.reduce((sum, step, i) => sum + (t >= jerks[i]! ? step : 0), 0);
      return unit * (0.12 * (value - slow[0]!) + 0.012 * fast[t]! + jerk);
    });
  });
}

/**
 * The confounds table as fMRIPrep writes it: mean signals, framewise displacement (Power et al. 2012: rotations as
 * arcs on a sphere of 50 mm), cosine drifts (128 s), and the 24 motion columns of Satterthwaite et al. 2013.
 * Backward differences have no value in the first row: `n/a`.
 * @param means signal means [volume] by column name
 */
export function confoundsTable(
  motion: readonly Float64Array[],
  means: Readonly<Record<string, Float64Array>>,
  tr: number,
): Confounds {
  const volumes = motion[0]!.length;
  const columns: string[] = [];
  const series: ((t: number) => number | null)[] = [];
  const add = (name: string, value: (t: number) => number | null) => {
    columns.push(name);
    series.push(value);
  };
  for (const [name, mean] of Object.entries(means)) add(name, (t) => mean[t]!);
  add('framewise_displacement', (t) =>
    t === 0
      ? null
      : motion.reduce(
          (sum, m, i) => sum + Math.abs(m[t]! - m[t - 1]!) * (motionNames[i]!.startsWith('rot') ? 50 : 1),
          0,
        ),
  );
  const cosines = Math.floor((2 * volumes * tr) / 128);
  for (let k = 1; k <= cosines; k++) {
    const name = `cosine${String(k - 1).padStart(2, '0')}`;
    add(name, (t) => Math.sqrt(2 / volumes) * Math.cos((Math.PI * k * (t + 0.5)) / volumes));
  }
  motionNames.forEach((name, i) => {
    const m = motion[i]!;
    add(name, (t) => m[t]!);
    add(`${name}_derivative1`, (t) => (t === 0 ? null : m[t]! - m[t - 1]!));
    add(`${name}_derivative1_power2`, (t) => (t === 0 ? null : (m[t]! - m[t - 1]!) ** 2));
    add(`${name}_power2`, (t) => m[t]! ** 2);
  });
  return { columns, rows: Array.from({ length: volumes }, (_, t) => series.map((value) => value(t))) };
}
