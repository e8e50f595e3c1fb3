import path from 'node:path';
import type { ResolvedInput, ResolvedItem } from '../../artifacts/artifact.js';
import type { Problem } from '../../artifacts/user-error.js';
import { UserError } from '../../artifacts/user-error.js';
import type { Registry } from '../step-type.js';
import type { InputNode, ResolvedInputs, Workflow } from '../workflow.js';

/** Something about an input that the user should know though it is no error, such as subjects that were left out. */
export interface InputNote {
  /** Name under `inputs`. */
  readonly input: string;
  readonly message: string;
}

/**
 * Finds the files of every input, all at once; opens headers and sidecars, never image data.
 * @throws UserError with the problems of all inputs, each with its line in the workflow file.
 */
export async function resolveInputs(
  workflow: Workflow,
  registry: Registry,
  onNote: (note: InputNote) => void = () => {},
): Promise<ResolvedInputs> {
  const problems: Problem[] = [];
  const found = await Promise.all(
    [...workflow.inputs.values()].map(async (input) => {
      try {
        const resolved = await resolveOne(input, workflow.baseDir, registry, onNote);
        return [[input.name, resolved] as const];
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        problems.push(...error.problems.map((problem) => placed(problem, input, workflow.file)));
        return [];
      }
    }),
  );
  if (problems.length > 0) {
    const line = ({ place }: Problem) => (place?.file === workflow.file ? (place.line ?? 0) : Number.POSITIVE_INFINITY);
    throw new UserError(problems.sort((a, b) => (line(a) === line(b) ? 0 : line(a) - line(b))));
  }
  return new Map(found.flat());
}

async function resolveOne(
  input: InputNode,
  baseDir: string,
  registry: Registry,
  onNote: (note: InputNote) => void,
): Promise<ResolvedInput | readonly ResolvedItem[]> {
  const declaration = registry.artifacts.get(input.type)!.input!;
  const note = (message: string) => onNote({ input: input.name, message });
  const folderOf = (keys: readonly (string | number)[]) => {
    const { file } = input.placeOf(keys);
    // What `--set` says starts where the workflow file is.
    return path.isAbsolute(file) ? path.dirname(file) : baseDir;
  };
  const resolved = await declaration.resolve(input.spec, { baseDir, folderOf, name: input.name, note });
  if (!Array.isArray(resolved)) return resolved as ResolvedInput;
  const items = resolved as readonly ResolvedItem[];
  if (items.length === 0) {
    throw new UserError({ message: `\`inputs.${input.name}\` has no items`, expected: 'at least one' });
  }
  const labels = new Set<string>();
  const twice = new Set(items.map(({ label }) => label).filter((label) => labels.has(label) || !labels.add(label)));
  if (twice.size > 0) {
    const first = [...twice].slice(0, 5).map((label) => `\`${label}\``);
    throw new UserError({
      message: `\`inputs.${input.name}\` has several items with the same label: ${first.join(', ')}${twice.size > 5 ? ', …' : ''}`,
      expected: 'one item per label',
      hint: 'Choose among them with a filter (`task`, `session`, `run`, `space`, `desc`).',
    });
  }
  return items;
}

/** A problem of an input's own file keeps its place, and says which line of the workflow named it. */
function placed(problem: Problem, input: InputNode, workflowFile: string): Problem {
  const { keys = [], ...rest } = problem;
  const place = input.placeOf(keys);
  if (!rest.place) return { ...rest, place };
  return {
    ...rest,
    hint: [
      rest.hint?.replace(/[^.]$/, '$&.'),
      `Named at ${place.file === workflowFile ? '' : `${path.basename(place.file)}, `}line ${place.line} as \`inputs.${input.name}\`.`,
    ]
      .filter(Boolean)
      .join(' '),
  };
}
