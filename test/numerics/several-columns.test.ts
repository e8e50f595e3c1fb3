import { describe, expect, test } from 'vitest';
import { estimatorFor } from '../../numerics/glm/estimator.js';
import { residualise } from '../../numerics/glm/residualise.js';
import { orthonormalBasis } from '../../numerics/orthonormal.js';
import { autoregressive } from '../support/fit-models.js';
import { separateFit } from '../support/separate-fit.js';

const [time, kernels, perKernel, voxels] = [50, 90, 3, 4];

describe.each(['ols', 'ar1-nilearn'] as const)('%s: kernels with three columns', (noise) => {
  test.each([
    { wanted: [0, 1, 2], firstKernel: 0, count: 270 },
    { wanted: [0], firstKernel: 40, count: 50 },
    { wanted: [0, 2], firstKernel: 87, count: 41 },
  ])('each equals a separate model: columns $wanted, rows $firstKernel and $count more', async (asked) => {
    const { wanted, firstKernel, count } = asked;
    const nuisance = [new Float64Array(time).fill(1), ...autoregressive(4, time, 0.9, 7)];
    const columns = autoregressive(kernels * perKernel, time, 0.8, 11);
    const bold = autoregressive(voxels, time, 0.4, 13).map((y) => y.map((value) => 500 + 9 * value));
    const basis = orthonormalBasis(nuisance, time);
    const free = async (rows: readonly Float64Array[]) =>
      (
        await residualise(Float64Array.from(rows.flatMap((row) => [...row])), basis.rows, {
          ...{ count: rows.length, time, rank: basis.rank },
        })
      ).residuals;
    const estimate = await estimatorFor({
      ...{ noise, time, rank: basis.rank, df: time - basis.rank - perKernel, nuisance: basis.rows },
      kernels: kernels * wanted.length,
      regressors: await free(columns),
      columns: { perKernel, wanted },
    });
    const block = { bold: await free(bold), voxels, firstKernel, kernels: count, errors: true };
    let compared = 0;
    const seen = new Set<number>();
    await estimate(block, ({ kernel: row, firstVoxel, effect, se }) => {
      seen.add(row);
      const first = Math.floor(row / wanted.length) * perKernel;
      const column = wanted[row % wanted.length]!;
      const others = columns.slice(first, first + perKernel).filter((_, j) => j !== column);
      effect.forEach((value, v) => {
        const due = separateFit(bold[firstVoxel + v]!, columns[first + column]!, [...others, ...nuisance], noise);
        // At the edge of a bin rounding decides.
        if (due.atEdge) return;
        compared++;
        expect(Math.abs(value - due.effect) / due.se).toBeLessThan(1e-9);
        expect(Math.abs(se[v]! / due.se - 1)).toBeLessThan(1e-9);
      });
    });
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => firstKernel + i));
    expect(compared).toBeGreaterThan(0.95 * count * voxels);
  });
});
