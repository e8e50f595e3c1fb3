import type { Produced } from '../../artifacts/artifact.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { writeRegressors } from '../../artifacts/regressors.js';
import { sameTr } from '../../artifacts/repetition-time.js';
import type { SeriesData } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { heldConvolution } from '../../numerics/held-convolution.js';
import { type BasisFunction, canonicalBasis, delayBasis, orthogonalised } from '../../numerics/hrf-basis.js';
import { columnVaries } from '../../numerics/varies.js';
import type { HrfParams } from './index.js';
import { meansShown, readTimed, type Scan } from './timed-series.js';

export async function run(context: StepContext<HrfParams>): Promise<Record<string, Produced>> {
  const { params, workDir } = context;
  const source = one(context.inputs, 'series');
  const { series, scan } = await readTimed(source);
  requireFinite(series, source.origin);
  const tr = params.tr ?? scan?.tr ?? series.interval;
  if (scan && !sameTr(tr, scan.tr)) {
    throw new UserError({
      message: `"tr" is ${tr} s, but the scan of ${source.origin} has a TR of ${scan.tr} s`,
      expected: 'the same, or no "tr"',
      keys: ['tr'],
    });
  }
  const functions = basisOf(params, tr);
  const { values, volumes, unchanging } = convolved(series, scan, tr, functions, params);
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
  const data = {
    values,
    volumes,
    kernels: namedColumns(series.kernels, functions),
    tr,
    model: params.basis === 'fir' ? 'fir' : params.model,
    ...(params.basis !== 'canonical' && { basis: params.basis }),
    ...(scan && { aligned: true }),
    ...untrainedOf(series),
  };
  return { regressors: await writeRegressors(workDir, data) };
}

function basisOf({ model, basis, orthogonal, oversampling, fir_delays: delays }: HrfParams, tr: number) {
  if (basis === 'fir') return delayBasis(delays!, oversampling);
  if (model === 'none') return [{ name: 'canonical', response: Float64Array.of(1) }];
  const functions = canonicalBasis(model, basis, tr / oversampling);
  if (orthogonal !== 'response') return functions;
  const responses = orthogonalised(functions.map(({ response }) => response));
  return functions.map(({ name }, i) => ({ name, response: responses[i]! }));
}

/** The columns of all kernels, those of one kernel together. */
function namedColumns(kernels: readonly Kernel[], functions: readonly BasisFunction[]): Kernel[] {
  if (functions.length === 1 && functions[0]!.name === 'canonical') return [...kernels];
  const columns = kernels.flatMap((kernel) =>
    functions.map(({ name: basis }) => ({
      ...kernel,
      name: basis === 'canonical' ? kernel.name : `${kernel.name}_${basis}`,
      basis,
    })),
  );
  const seen = new Set<string>();
  const twice = columns.find(({ name }) => seen.size === seen.add(name).size)?.name;
  if (twice === undefined) return columns;
  throw new UserError({
    message: `two columns would be called ${twice}: a series has that name already`,
    expected: 'series without _time, _dispersion or _delay at the end of their names',
  });
}

/** `values`: [volume, kernel x function]. */
function convolved(
  series: SeriesData,
  scan: Scan | null,
  tr: number,
  functions: readonly BasisFunction[],
  params: HrfParams,
) {
  const { samples, kernels, interval } = series;
  const { oversampling, orthogonal, basis, outside } = params;
  const count = kernels.length;
  const means = outside === 'mean' ? meansShown(series, scan) : new Float64Array(count);
  const values = series.values.map((value, i) => value - means[i % count]!);
  const parts = functions.map(({ response }) => {
    const map = heldConvolution({
      ...{ interval, samples, tr, oversampling, bin: binOf(params), response },
      ...(scan && { scan }),
    });
    const steady = response.reduce((sum, value) => sum + value, 0);
    const convolution = applied(map, values, samples, count);
    return { volumes: map.volumes, values: convolution.map((value, i) => value + steady * means[i % count]!) };
  });
  const { volumes } = parts[0]!;
  const width = count * parts.length;
  const out = new Float64Array(volumes * width);
  let unchanging = 0;
  for (let k = 0; k < count; k++) {
    let columns: Float64Array[] = parts.map((part) =>
      Float64Array.from({ length: volumes }, (_, volume) => part.values[volume * count + k]!),
    );
    if (!columnVaries(series.values, count, k)) {
      unchanging++;
      columns = columns.map((column, f) => column.fill(f === 0 || basis === 'fir' ? series.values[k]! : 0));
    } else if (orthogonal === 'regressor' && basis !== 'fir') columns = orthogonalised(columns);
    columns.forEach((column, f) => {
      for (let volume = 0; volume < volumes; volume++) out[volume * width + k * parts.length + f] = column[volume]!;
    });
  }
  return { values: out, volumes, unchanging };
}

/** A map [volume, sample] times series [sample, kernel]: [volume, kernel]. */
function applied(
  { weights, volumes }: { weights: Float64Array; volumes: number },
  values: Float64Array,
  samples: number,
  count: number,
): Float64Array {
  const out = new Float64Array(volumes * count);
  for (let volume = 0; volume < volumes; volume++) {
    for (let sample = 0; sample < samples; sample++) {
      const weight = weights[volume * samples + sample]!;
      if (weight === 0) continue;
      for (let k = 0; k < count; k++) out[volume * count + k]! += weight * values[sample * count + k]!;
    }
  }
  return out;
}

function binOf({ reference, oversampling }: HrfParams): number {
  if (reference === 'onset') return 0;
  return reference === 'middle' ? Math.floor(oversampling / 2) : reference;
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
