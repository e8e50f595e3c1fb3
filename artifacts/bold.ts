import { readFile } from 'node:fs/promises';
import type { Artifact, ArtifactType, InputContext, Produced } from './artifact.js';
import { sidecarOf } from './bids-names.js';
import { publishImage } from './image-types.js';
import { inputFile, pathProperty } from './input-file.js';
import { niftiFile, niftiRole, numberIn } from './meta.js';
import { type ImageHeader, readImageHeader } from './nifti-header.js';
import { agreeOnTr, type Stated } from './repetition-time.js';
import { UserError } from './user-error.js';

export interface BoldData {
  /** The image; read it with `readVoxelSeries` or `readImage`. */
  readonly file: string;
  readonly header: ImageHeader;
  /** Repetition time in s: sidecar and header agree on it. */
  readonly tr: number;
}

/** Header and repetition time of a BOLD artifact, not its values. */
export async function readBold(artifact: Artifact): Promise<BoldData> {
  const file = niftiFile(artifact, 'image');
  return { file, header: await boldHeader(file), tr: numberIn(artifact, 'tr') };
}

/** Reads the header and makes sure that it is a series. Throws UserError for a single volume. */
export async function boldHeader(file: string): Promise<ImageHeader> {
  const header = await readImageHeader(file);
  if (header.dimensions < 4 || header.volumes < 2) {
    throw new UserError({
      message: header.dimensions < 4 ? 'a 3D image where a series is due' : 'a single volume where a series is due',
      place: { file, what: header.dimensions < 4 ? 'dim[0]' : 'dim[4]' },
      expected: 'a 4D BOLD image: x, y, z, time',
    });
  }
  return header;
}

/** `RepetitionTime` of a JSON sidecar; null where the file or the key is missing. */
export async function sidecarTr(file: string): Promise<Stated | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return null;
  }
  try {
    const { RepetitionTime: seconds } = JSON.parse(text) as Record<string, unknown>;
    if (seconds === undefined) return null;
    if (typeof seconds === 'number' && seconds > 0) return { seconds, by: `${file} (RepetitionTime)` };
    throw new UserError({
      message: `RepetitionTime is ${JSON.stringify(seconds)}`,
      place: { file, what: 'RepetitionTime' },
      expected: 'seconds, above 0',
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError({ message: `not valid JSON: ${(error as Error).message}`, place: { file } }, { cause: error });
  }
}

async function resolve(spec: { path: string; tr?: number }, context: InputContext) {
  const file = await inputFile(spec.path, context, 'a 4D NIfTI image (.nii or .nii.gz)');
  const header = await boldHeader(file);
  const given = spec.tr === undefined ? null : { seconds: spec.tr, by: `inputs.${context.name}.tr` };
  const tr = agreeOnTr(
    [given, await sidecarTr(sidecarOf(file))],
    header,
    file,
    spec.tr === undefined ? ['path'] : ['tr'],
  );
  return { type: 'bold', meta: { tr }, files: { [niftiRole('image', file)]: file }, origin: spec.path };
}

async function check(produced: Produced): Promise<void> {
  if (!(numberIn(produced, 'tr') > 0)) throw new Error('bold without a repetition time above 0');
  await boldHeader(niftiFile(produced, 'image'));
}

export const boldType: ArtifactType = {
  name: 'bold',
  title: 'BOLD time series (4D NIfTI)',
  description: [
    '- `image.nii.gz` (or `image.nii`): x, y, z, time; BOLD in the units of the scanner, scaled by the header',
    '- meta: `tr`, repetition time in s',
    '',
    'The repetition time is that of the JSON sidecar, else of the header (`pixdim[4]`, in its unit); where both say it and differ by more than 1 in 1000, that is an error.',
  ].join('\n'),
  input: {
    properties: {
      path: pathProperty('A 4D NIfTI image (.nii, .nii.gz).'),
      tr: {
        type: 'number',
        exclusiveMinimum: 0,
        unit: 's',
        description: 'Repetition time, where neither sidecar nor header says it. Must not contradict them.',
      },
    },
    required: ['path'],
    resolve: (spec, context) => resolve(spec as { path: string; tr?: number }, context),
  },
  check,
  publish: (artifact, target) =>
    publishImage(artifact, 'image', target, 'bold', {
      description: 'BOLD time series.',
      units: 'arbitrary (scanner)',
      facts: { RepetitionTime: numberIn(artifact, 'tr') },
    }),
};
