import { unshared } from '../shared-memory.js';
import { fitJoint, type JointContrast, type JointModel, jointDesign, jointDf, jointRho } from './joint.js';
import { momentsPerSeries } from './moments.js';
import { emptyMaps, type MapsDtype, placeF, placeRow, type Statistic, type StatisticMaps } from './statistic-maps.js';

export interface JointPayload {
  readonly model: JointModel;
  readonly contrasts: readonly JointContrast[];
  /** Residualised series [voxel, time]. */
  readonly bold: Float64Array;
  /** Of the series before [voxel, 4] and [voxel]. */
  readonly moments: Float64Array;
  readonly mean: Float64Array;
  /** rho of the voxels, where it is known [voxel]. */
  readonly rho?: Float64Array;
  readonly statistics: readonly Statistic[];
  readonly dtype: MapsDtype;
}

/** Pool task `glm.joint`: statistics of the contrasts of one joint model for a block of voxels, [contrast, voxel]. */
export async function run({ statistics, dtype, contrasts, ...payload }: JointPayload): Promise<StatisticMaps> {
  const { bold, moments, mean } = payload;
  const shared = payload.model;
  const model = { ...shared, regressors: unshared(shared.regressors), nuisance: unshared(shared.nuisance) };
  const { time } = model;
  const voxels = mean.length;
  const maps = emptyMaps(statistics, dtype, contrasts.length * voxels);
  const plain = jointDesign(model, contrasts, 0);
  const estimated = () => (model.noise === 'ols' ? new Float64Array(voxels) : jointRho(model, plain, bold));
  const rho = payload.rho ? inHundredths(payload.rho) : await estimated();
  for (const [value, members] of byValue(rho)) {
    const design = value === 0 ? plain : jointDesign(model, contrasts, value);
    const own = {
      series: gathered(bold, members, time),
      moments: gathered(moments, members, momentsPerSeries),
      mean: gathered(mean, members, 1),
    };
    const part = emptyMaps(statistics, dtype, contrasts.length * members.length);
    place(part, await fitJoint(model, contrasts, design, own), members.length, jointDf(model, design));
    scatter(maps, part, members, voxels, contrasts.length);
  }
  return maps;
}

/** As in the models of one kernel. */
function inHundredths(rho: Float64Array): Float64Array {
  return rho.map((value) => Math.max(-0.99, Math.min(0.99, Math.round(100 * value) / 100)));
}

/** Voxels by their rho. */
function byValue(rho: Float64Array): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  rho.forEach((value, v) => {
    // Truncation leaves a -0, which is the same rho.
    const key = value === 0 ? 0 : value;
    const group = groups.get(key);
    if (group) group.push(v);
    else groups.set(key, [v]);
  });
  return groups;
}

function place(
  maps: StatisticMaps,
  { contrasts, variance, r2 }: Awaited<ReturnType<typeof fitJoint>>,
  voxels: number,
  df: number,
): void {
  contrasts.forEach((estimate, c) => {
    const at = c * voxels;
    if ('F' in estimate) placeF(maps, at, estimate.F, estimate.df1, df, { variance, r2 });
    else placeRow(maps, at, estimate.effect, estimate.se, df, { variance, r2 });
  });
}

function gathered(values: Float64Array, members: readonly number[], width: number): Float64Array {
  const out = new Float64Array(members.length * width);
  members.forEach((v, i) => {
    out.set(values.subarray(v * width, (v + 1) * width), i * width);
  });
  return out;
}

function scatter(
  to: StatisticMaps,
  from: StatisticMaps,
  members: readonly number[],
  voxels: number,
  rows: number,
): void {
  for (const [statistic, values] of Object.entries(from)) {
    const target = to[statistic as Statistic]!;
    for (let row = 0; row < rows; row++) {
      members.forEach((v, i) => {
        target[row * voxels + v] = values[row * members.length + i]!;
      });
    }
  }
}
