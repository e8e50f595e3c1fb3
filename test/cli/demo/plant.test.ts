import { describe, expect, it } from 'vitest';
import { kernelName } from '../../../artifacts/kernels.js';
import { autoregressive } from '../../../cli/demo/noise.js';
import { choosePlanted, subjectPercents } from '../../../cli/demo/plant.js';
import { seededRandom } from '../../../cli/demo/random.js';

const layers = ['conv1_1', 'conv2_1', 'conv3_1', 'conv5_1', 'conv5_3'];
const volumes = 200;
const random = seededRandom('test/plant');
const noise = () => autoregressive(random, volumes, 0);

/** In each layer: k1 resembles conv1_1/k1, k2 is independent, k3 is one burst, k4 is constant. */
function regressors() {
  const common = noise();
  const columns = layers.flatMap(() => [
    common.map((value) => value + 0.3 * random.normal()),
    noise(),
    Float64Array.from({ length: volumes }, (_, t) => (t > 100 && t < 104 ? 50 : 0)),
    new Float64Array(volumes).fill(3),
  ]);
  const kernels = layers.flatMap((layer) =>
    [1, 2, 3, 4].map((kernel) => ({ name: kernelName(layer, kernel), layer, kernel })),
  );
  const values = new Float64Array(volumes * columns.length);
  for (const [k, column] of columns.entries()) {
    for (let t = 0; t < volumes; t++) values[t * columns.length + k] = column[t]!;
  }
  return { kernels, values };
}

describe('the choice of planted kernels', () => {
  const planted = choosePlanted(regressors(), 0);

  it('takes one kernel of each layer, in regions that differ', () => {
    expect(planted.map(({ kernel }) => kernel.layer)).toEqual(layers);
    expect(new Set(planted.map(({ region }) => region)).size).toBe(5);
  });

  it('avoids kernels that resemble each other, fire once, or never change', () => {
    // At most one of the five can be the common series k1; bursts (k3) and constants (k4) never are.
    expect(planted.filter(({ kernel }) => kernel.kernel === 1).length).toBeLessThanOrEqual(1);
    expect(planted.some(({ kernel }) => kernel.kernel > 2)).toBe(false);
  });

  it('standardises what is planted', () => {
    for (const { series } of planted) {
      expect(series.reduce((a, b) => a + b, 0) / volumes).toBeCloseTo(0, 10);
      expect(series.reduce((a, b) => a + b * b, 0) / volumes).toBeCloseTo(1, 10);
    }
  });

  it('gives each subject its own strengths, the same every time', () => {
    const [a, b] = ['sub-01', 'sub-02'].map((name) => subjectPercents(planted, name));
    expect(a).not.toEqual(b);
    expect(subjectPercents(planted, 'sub-01')).toEqual(a);
  });
});
