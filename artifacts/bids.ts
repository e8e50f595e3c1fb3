import path from 'node:path';
import type { ArtifactType, InputContext, JsonSchema, ResolvedInput, ResolvedItem } from './artifact.js';
import { type EventsSpec, eventsFinder, eventsProperty, type FindEvents } from './bids-events.js';
import { type BidsRun, derivativesFolder, findRuns } from './bids-find.js';
import { type MotionLimits, tooMuchMotion } from './bids-motion.js';
import { type BidsFilter, labelOf, selectRuns } from './bids-select.js';
import { boldHeader, sidecarTr } from './bold.js';
import { componentsBeside } from './confound-components.js';
import { inputFolder, pathProperty } from './input-file.js';
import { niftiRole } from './meta.js';
import { agreeOnTr, type Stated } from './repetition-time.js';
import { type Problem, UserError } from './user-error.js';

interface BidsSpec extends BidsFilter {
  readonly path: string;
  readonly tr?: number;
  readonly events?: EventsSpec;
  readonly exclude?: MotionLimits;
}

async function resolve(spec: BidsSpec, context: InputContext): Promise<ResolvedItem[]> {
  const top = await inputFolder(spec.path, context, 'a folder with preprocessed BOLD images (fMRIPrep)');
  const derivatives = await derivativesFolder(top);
  const runs = selectRuns(await findRuns(derivatives, top), spec, derivatives);
  const kept = await withoutMotion(runs, spec, context);
  const given = spec.tr === undefined ? null : { seconds: spec.tr, by: `inputs.${context.name}.tr` };
  // The path as the user wrote it, since messages and sidecars show it.
  const origin = (file: string) => path.join(spec.path, path.relative(top, file));
  const findEvents = await eventsFinder(spec.events, derivatives, top, kept, context);
  const results = await Promise.all(
    kept.map((run) => itemOf(run, labelOf(run, runs), given, origin, findEvents).catch(asProblems)),
  );
  const problems = results.flatMap((result) => (Array.isArray(result) ? (result as Problem[]) : []));
  if (problems.length > 0) throw new UserError(problems);
  return results as ResolvedItem[];
}

/** So that all images that cannot be used are named at once. */
function asProblems(error: unknown): readonly Problem[] {
  if (error instanceof UserError) return error.problems;
  throw error;
}

async function itemOf(
  run: BidsRun,
  label: string,
  given: Stated | null,
  origin: (file: string) => string,
  findEvents: FindEvents,
): Promise<ResolvedItem> {
  const header = await boldHeader(run.bold);
  const tr = agreeOnTr([given, await nearestTr(run.sidecars)], header, run.bold, given ? ['tr'] : ['path']);
  const { desc: _, ...entities } = run.entities;
  const events = await findEvents(run);
  const port = (type: string, role: string, file: string, meta?: ResolvedInput['meta']): ResolvedInput => ({
    type,
    files: { [role]: file },
    ...(meta && { meta }),
    label,
    entities,
    origin: origin(file),
  });
  return {
    label,
    entities,
    ports: {
      bold: port('bold', niftiRole('image', run.bold), run.bold, { tr }),
      ...(run.mask && { mask: port('mask', niftiRole('mask', run.mask), run.mask) }),
      ...(run.confounds && {
        confounds: port('confounds', 'confounds.tsv', run.confounds, await componentsBeside(run.confounds)),
      }),
      ...(events && { events: { type: 'events', label, entities, ...events } }),
    },
  };
}

async function nearestTr(sidecars: readonly string[]): Promise<Stated | null> {
  for (const file of sidecars) {
    const stated = await sidecarTr(file);
    if (stated) return stated;
  }
  return null;
}

/** Leaves out the runs with too much motion, and says so. */
async function withoutMotion(runs: readonly BidsRun[], spec: BidsSpec, context: InputContext): Promise<BidsRun[]> {
  const { exclude } = spec;
  if (!exclude) return [...runs];
  const reasons = await Promise.all(
    runs.map((run) => {
      if (run.confounds) return tooMuchMotion(run.confounds, exclude);
      throw new UserError({
        message: `no confounds beside ${run.bold}`,
        expected: '…_desc-confounds_timeseries.tsv with framewise_displacement, so that "exclude" can be applied',
        keys: ['exclude'],
      });
    }),
  );
  const kept = runs.filter((_, index) => reasons[index] === null);
  if (kept.length === 0) {
    throw new UserError({
      message: `"exclude" leaves none of the ${runs.length} runs: ${reasons[0]}`,
      expected: 'limits that keep some',
      keys: ['exclude'],
    });
  }
  reasons.forEach((reason, index) => {
    if (reason) context.note?.(`${labelOf(runs[index]!, runs)} is left out: ${reason}`);
  });
  return kept;
}

const label: JsonSchema = { type: ['string', 'integer'] };
const labels: JsonSchema = { type: 'array', items: label, minItems: 1 };
const mm = (description: string): JsonSchema => ({ type: 'number', minimum: 0, unit: 'mm', description });

const properties: Readonly<Record<string, JsonSchema>> = {
  path: pathProperty('A dataset with `derivatives/fmriprep`, or the derivatives folder itself.'),
  task: { ...label, examples: ['movie'], description: 'Task (`task-…`). Needed where there are several.' },
  space: {
    ...label,
    examples: ['MNI152NLin2009cAsym'],
    description:
      'Space that the images were resampled to (`space-…`); `native` for images without one. Needed where there are several.',
  },
  desc: { ...label, default: 'preproc', description: 'Kind of image (`desc-…`).' },
  session: { anyOf: [label, labels], description: 'Session or sessions (`ses-…`). Default: all.' },
  run: { anyOf: [label, labels], description: 'Run or runs (`run-…`). Default: all.' },
  subjects: { ...labels, examples: [['01', '02']], description: 'Subjects (`01` or `sub-01`). Default: all.' },
  entities: {
    type: 'object',
    additionalProperties: label,
    description: 'Further entities of the file name, for example `{ res: 2, dir: AP }`.',
  },
  tr: {
    type: 'number',
    exclusiveMinimum: 0,
    unit: 's',
    description: 'Repetition time, where neither sidecar nor header says it. Must not contradict them.',
  },
  events: eventsProperty,
  exclude: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      mean_fd: mm('Leave out runs whose mean framewise displacement is above this.'),
      max_fd: mm('Leave out runs whose largest framewise displacement is above this.'),
      share_fd_above: {
        type: 'object',
        additionalProperties: false,
        required: ['fd', 'share'],
        properties: {
          fd: mm('Framewise displacement of a volume that counts.'),
          share: { type: 'number', minimum: 0, maximum: 1, description: 'Largest share of such volumes that is kept.' },
        },
        description: 'Leave out runs in which more than `share` of the volumes lie above `fd`.',
      },
    },
    description:
      'Leave out runs with too much motion, by `framewise_displacement` of their confounds (the first volume, `n/a`, does not count). Who is left out is reported.',
  },
};

export const bidsType: ArtifactType = {
  name: 'bids',
  title: 'BOLD images of many subjects (BIDS derivatives, as fMRIPrep writes them)',
  description: [
    'A collection: `foreach: inputs.<name>` makes one instance per subject (and session and run), with the ports',
    '',
    '- `item.bold`: `…[_space-X]_desc-preproc_bold.nii.gz`; its TR from the JSON sidecar (also an inherited one, such as `task-pixar_bold.json`), else from the header; a conflict is an error',
    '- `item.mask`: `…_desc-brain_mask.nii.gz` of the same space',
    '- `item.confounds`: `…_desc-confounds_timeseries.tsv` (or `_regressors.tsv`)',
    '- `item.events`: `…_events.tsv` of the raw dataset, or the rows of `events` that are for the run',
    '',
    'Items are named `sub-01`, with `_ses-…` and `_run-…` where a subject has several, in the order of subjects.',
  ].join('\n'),
  input: {
    properties,
    required: ['path'],
    items: { bold: 'bold', mask: 'mask', confounds: 'confounds', events: 'events' },
    resolve: (spec, context) => resolve(spec as unknown as BidsSpec, context),
  },
};
