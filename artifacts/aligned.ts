import type { Artifact, ArtifactType, Json, Produced, PublishTarget } from './artifact.js';
import { checkColumns, publishColumns, readColumns, writeColumns } from './columns-files.js';
import { metaOf, numberIn, untrainedOf } from './meta.js';
import { published, publishedPath } from './published.js';
import type { SeriesData } from './series.js';
import { writeTable } from './table.js';

/** Where a series, or a part of it, was shown in a scan. */
export interface ShownPart {
  /** Name of the movie; null where there is one movie and nothing names it. */
  readonly movie: string | null;
  /** s after the first volume of the image began; below 0 where it began before. */
  readonly onset: number;
  /** s */
  readonly duration: number;
  /** Time in the movie at onset, s. */
  readonly start: number;
  /** The movie's samples: the first in `values`, and how many there are. */
  readonly first: number;
  readonly samples: number;
}

/** Series of the movies of one scan: `values` [sample, kernel] holds the samples of one movie after the other. */
export interface AlignedData extends SeriesData {
  /** Repetition time, s, and number of volumes of the whole image, before any are dropped. */
  readonly tr: number;
  readonly volumes: number;
  /** In order of onset; they do not overlap. */
  readonly parts: readonly ShownPart[];
}

export async function readAligned(artifact: Artifact): Promise<AlignedData> {
  const { values, rows, kernels } = await readColumns(artifact, 'series');
  const { statistic, parts } = artifact.meta;
  return {
    ...{ values, samples: rows, kernels },
    interval: numberIn(artifact, 'interval'),
    tr: numberIn(artifact, 'tr'),
    volumes: numberIn(artifact, 'volumes'),
    parts: parts as unknown as ShownPart[],
    ...(typeof statistic === 'string' && { statistic }),
    ...untrainedOf(artifact.meta),
  };
}

export async function writeAligned(dir: string, data: AlignedData): Promise<Produced> {
  const { values, samples: rows, kernels, interval, statistic, tr, volumes, parts } = data;
  const files = await writeColumns(dir, 'series', { values, rows, kernels });
  const shown = parts.map((part) => ({ ...part })) as unknown as Json;
  return { files, meta: metaOf({ interval, statistic, tr, volumes, parts: shown, ...untrainedOf(data) }) };
}

export const alignedType: ArtifactType = {
  name: 'aligned',
  title: 'series placed in a scan (not yet convolved)',
  description: [
    '- `series.npy`, `kernels.tsv`: as those of `series`; the samples of several movies follow one another',
    '- meta: `interval` of the samples in s; `tr` in s and `volumes` of the whole image; `parts`: per showing `movie`, `onset` and `duration` in the scan (s), `start` in the movie (s), `first` and number of its `samples`',
  ].join('\n'),
  check: (produced) => checkColumns(produced, 'series', 'interval'),
  async publish(artifact: Artifact, target: PublishTarget) {
    const { parts, tr, volumes, interval } = await readAligned(artifact);
    const table = publishedPath(target, 'events.tsv');
    await writeTable(
      table,
      ['onset', 'duration', 'movie', 'start'],
      parts.map(({ onset, duration, movie, start }) => [onset, duration, movie, start]),
    );
    const facts = metaOf({ RepetitionTime: tr, Volumes: volumes, SamplingInterval: interval });
    const about = {
      description: 'When which movie was shown; onsets count from the start of the first volume of the image.',
      units: 's (onset, duration, start)',
      facts,
    };
    return [
      published(table, about, artifact.meta),
      ...(await publishColumns(artifact, 'series', target, {
        description: `One column per kernel, one row per ${interval} s of the movies, one movie after the other.`,
        units: 'arbitrary (units of the series)',
        facts,
      })),
    ];
  },
};
