import type { Produced } from '../../artifacts/artifact.js';
import { layersOf } from '../../artifacts/kernels.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { sameTr } from '../../artifacts/repetition-time.js';
import { readSeries, writeSeries } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';
import { many, type StepContext } from '../../engine/step-type.js';

export async function run({ inputs, workDir }: StepContext): Promise<Record<string, Produced>> {
  const sources = many(inputs, 'series');
  const all = await Promise.all(sources.map(readSeries));
  const [first, ...others] = all;
  const named = (index: number) => sources[index]!.origin;
  others.forEach(({ interval, samples }, n) => {
    if (sameTr(interval, first!.interval) && samples === first!.samples) return;
    throw new UserError({
      message: `${named(0)} has ${first!.samples} samples of ${first!.interval} s, ${named(n + 1)} has ${samples} of ${interval} s`,
      expected: 'the same samples in all',
      hint: 'Wire `frames` to the steps that make them, or give all the same "window", "start" and "duration".',
    });
  });
  const owner = new Map<string, number>();
  const taken = (what: string, index: number) => {
    const other = owner.get(what);
    owner.set(what, index);
    if (other === undefined || other === index) return;
    throw new UserError({
      message: `${named(other)} and ${named(index)} both have the ${what}`,
      expected: 'other names in each',
    });
  };
  all.forEach(({ kernels }, index) => {
    for (const layer of layersOf(kernels)) taken(`layer ${layer}`, index);
    for (const { name } of kernels) taken(`column ${name}`, index);
  });
  const { samples, interval } = first!;
  const kernels = all.flatMap((series) => series.kernels);
  const values = new Float64Array(samples * kernels.length);
  let column = 0;
  for (const { values: own, kernels: part } of all) {
    for (let sample = 0; sample < samples; sample++) {
      values.set(own.subarray(sample * part.length, (sample + 1) * part.length), sample * kernels.length + column);
    }
    column += part.length;
  }
  return { series: await writeSeries(workDir, { values, samples, kernels, interval, ...untrainedOf(...all) }) };
}
