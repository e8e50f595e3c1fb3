import { readActivations } from '../../artifacts/activations.js';
import type { Produced } from '../../artifacts/artifact.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { writeSeries } from '../../artifacts/series.js';
import { UserError } from '../../artifacts/user-error.js';
import { one, type StepContext } from '../../engine/step-type.js';
import { columnVaries } from '../../numerics/varies.js';
import type { AggregateParams } from './index.js';

export async function run(context: StepContext<AggregateParams>): Promise<Record<string, Produced>> {
  const artifact = one(context.inputs, 'activations');
  const activations = await readActivations(artifact);
  const { statistic } = context.params;
  const at = activations.statistics.indexOf(statistic);
  if (at < 0) {
    throw new UserError({
      message: `the activations hold no "${statistic}", only ${activations.statistics.join(', ')}`,
      place: { file: artifact.origin },
      expected: `one of these, or \`statistics: [${[...activations.statistics, statistic].join(', ')}]\` in the extract step`,
      keys: ['statistic'],
    });
  }
  const { frames, kernels } = activations;
  const size = frames * kernels.length;
  const values = activations.values.slice(at * size, (at + 1) * size);
  const constant = kernels.filter((_, kernel) => !columnVaries(values, kernels.length, kernel));
  if (constant.length > 0) {
    const names = constant.slice(0, 5).map(({ name }) => name);
    context.note(
      `${constant.length} of ${kernels.length} kernels have no variance over the ${frames} images: ` +
        `${names.join(', ')}${constant.length > names.length ? ', …' : ''}`,
    );
  }
  const series = await writeSeries(context.workDir, {
    values,
    samples: frames,
    kernels,
    interval: activations.interval,
    statistic,
    ...untrainedOf(activations),
  });
  return { series };
}
