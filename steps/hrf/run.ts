import type { Produced } from '../../artifacts/artifact.js';
import { writeRegressors } from '../../artifacts/regressors.js';
import { readSeries, type SeriesData } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { heldConvolution } from '../../numerics/held-convolution.js';
import { hrf } from '../../numerics/hrf.js';
import type { HrfParams } from './index.js';

export async function run(context: StepContext<HrfParams>): Promise<Record<string, Produced>> {
  const { params, workDir } = context;
  const source = one(context.inputs, 'series');
  const series = await readSeries(source);
  requireFinite(series, source.origin);
  const tr = params.tr ?? series.interval;
  const { values, volumes, unchanging } = convolved(series, tr, params);
  if (volumes === 0) {
    throw new UserError({
      message: `${source.origin} lasts ${series.samples * series.interval} s, which is less than one TR of ${tr} s`,
      expected: 'a series of at least one volume',
      keys: ['tr'],
    });
  }
  if (unchanging > 0) {
    context.note(`${unchanging} of ${series.kernels.length} series never change; their regressors are constant`);
  }
  const { kernels, untrained } = series;
  const data = { values, volumes, kernels, tr, model: params.model, ...(untrained && { untrained }) };
  return { regressors: await writeRegressors(workDir, data) };
}

/** `values`: [volume, kernel]. */
function convolved({ values, samples, kernels, interval }: SeriesData, tr: number, params: HrfParams) {
  const { model, oversampling } = params;
  const response = model === 'none' ? Float64Array.of(1) : hrf(model, tr / oversampling);
  const { weights, volumes } = heldConvolution({ interval, samples, tr, oversampling, bin: binOf(params), response });
  const count = kernels.length;
  const out = new Float64Array(volumes * count);
  for (let volume = 0; volume < volumes; volume++) {
    for (let sample = 0; sample < samples; sample++) {
      const weight = weights[volume * samples + sample]!;
      if (weight === 0) continue;
      for (let k = 0; k < count; k++) out[volume * count + k]! += weight * values[sample * count + k]!;
    }
  }
  let unchanging = 0;
  for (let k = 0; k < count; k++) {
    if (varies(values, samples, count, k)) continue;
    unchanging++;
    for (let volume = 0; volume < volumes; volume++) out[volume * count + k] = values[k]!;
  }
  return { values: out, volumes, unchanging };
}

function binOf({ reference, oversampling }: HrfParams): number {
  if (reference === 'onset') return 0;
  return reference === 'middle' ? Math.floor(oversampling / 2) : reference;
}

function varies(values: Float64Array, samples: number, count: number, k: number): boolean {
  for (let sample = 1; sample < samples; sample++) if (values[sample * count + k] !== values[k]) return true;
  return false;
}

function requireFinite({ values, kernels }: SeriesData, origin: string): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const sample = Math.floor(at / kernels.length);
  throw new UserError({
    message: `sample ${sample + 1} of ${kernels[at % kernels.length]!.name} is ${Number.isNaN(values[at]) ? 'not a number (n/a)' : 'infinite'}`,
    place: { file: origin, what: kernels[at % kernels.length]!.name },
    expected: 'a number at every time',
    hint: 'Fill gaps before the series is convolved.',
  });
}
