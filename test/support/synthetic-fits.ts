import type { Artifact } from '../../artifacts/artifact.js';
import { writeFit } from '../../artifacts/fit.js';
import { makeGrid } from '../../artifacts/grid.js';
import { writeRegressors } from '../../artifacts/regressors.js';
import type { Noise } from '../../numerics/glm/model.js';
import { residualise } from '../../numerics/glm/residualise.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';
import { autoregressive } from './fit-models.js';
import { newFolder } from './folders.js';
import { madeArtifact } from './run-step.js';

/** Series of a small study: drawn, autoregressive; the nuisance of each subject holds the constant. */
export interface SyntheticStudy {
  readonly time: number;
  readonly kernels: readonly Float64Array[];
  readonly subjects: readonly {
    readonly voxels: readonly Float64Array[];
    readonly nuisance: readonly Float64Array[];
  }[];
}

export function syntheticStudy({
  time = 48,
  kernels = 3,
  subjects = 4,
  voxels = 6,
  seed = 1,
}: {
  time?: number;
  kernels?: number;
  subjects?: number;
  voxels?: number;
  seed?: number;
}): SyntheticStudy {
  return {
    time,
    kernels: autoregressive(kernels, time, 0.7, seed),
    subjects: Array.from({ length: subjects }, (_, s) => ({
      voxels: autoregressive(voxels, time, 0.4, 100 * seed + 10 * s + 1),
      nuisance: [new Float64Array(time).fill(1), ...autoregressive(3, time, 0.9, 100 * seed + 10 * s + 2)],
    })),
  };
}

const row = (kernel: number) => ({ name: `a/k${kernel}`, layer: 'a', kernel });
export const syntheticTr = 2;

/** The regressors as `hrf` would hand them over, `more` values longer than the series. */
export async function regressorsOf({ kernels, time }: SyntheticStudy, more = 3): Promise<Artifact> {
  const values = Float64Array.from({ length: (time + more) * kernels.length }, (_, i) => {
    return kernels[i % kernels.length]![Math.floor(i / kernels.length)] ?? 9;
  });
  const made = {
    values,
    volumes: time + more,
    kernels: kernels.map((_, k) => row(k + 1)),
    tr: syntheticTr,
    model: 'given',
  };
  return madeArtifact('regressors', await writeRegressors(await newFolder('regressors'), made), 'steps.regressors');
}

/** Fits of all subjects (voxels in one row), as `glm` would write them. `rho`: of every voxel, known. */
export async function fitsOf(study: SyntheticStudy, noise: Noise, rho?: number): Promise<Artifact[]> {
  const { time, kernels, subjects } = study;
  return Promise.all(
    subjects.map(async ({ voxels, nuisance }, s) => {
      const { rows, rank } = orthonormalBasis(nuisance, time);
      const flat = (series: readonly Float64Array[]) => Float64Array.from(series.flatMap((one) => [...one]));
      const bold = await residualise(flat(voxels), rows, { count: voxels.length, time, rank });
      const own = await residualise(flat(kernels), rows, { count: kernels.length, time, rank });
      const offsets = Int32Array.from(voxels.keys());
      const grid = makeGrid([voxels.length, 1, 1], [3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1], 4);
      const label = `sub-${String(s + 1).padStart(2, '0')}`;
      const made = await writeFit(await newFolder('fit'), {
        ...{ mask: { grid, voxels: offsets }, volumes: time, tr: syntheticTr, noise, rank, df: time - rank - 1 },
        kernels: kernels.map((_, k) => ({ ...row(k + 1), status: own.state[k] === 0 ? 'fitted' : 'collinear' })),
        ...{ regressors: own.residuals, bold: bold.residuals, nuisance: rows, mean: bold.mean },
        ...(rho !== undefined && { rho: new Float64Array(voxels.length).fill(rho) }),
      });
      return madeArtifact('fit', made, label, label);
    }),
  );
}
