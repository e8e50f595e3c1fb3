import type { ArtifactType, InputContext, JsonSchema, ResolvedInput, ResolvedItem } from './artifact.js';
import { inputFile, pathProperty } from './input-file.js';
import { type Problem, UserError } from './user-error.js';

/** A movie by its path, or with what belongs to it. */
type Entry = string | { readonly video: string; readonly annotations?: string };

async function resolve(
  { files }: { readonly files: Readonly<Record<string, Entry>> },
  context: InputContext,
): Promise<ResolvedItem[]> {
  const problems: Problem[] = [];
  const items = await Promise.all(
    Object.entries(files).map(([name, entry]) =>
      itemOf(name, entry, context).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        problems.push(...error.problems);
        return [];
      }),
    ),
  );
  if (problems.length > 0) throw new UserError(problems);
  return items.flat();
}

async function itemOf(label: string, entry: Entry, context: InputContext): Promise<ResolvedItem[]> {
  const { video, annotations } = typeof entry === 'string' ? { video: entry } : entry;
  const keys = ['files', label];
  const port = async (type: string, role: string, given: string, at: readonly string[], what: string) => ({
    ...{ type, label, entities: {}, origin: given },
    files: { [role]: await inputFile(given, context, what, at) },
  });
  const ports: Record<string, ResolvedInput> = {
    video: await port('video', 'video', video, typeof entry === 'string' ? keys : [...keys, 'video'], 'a movie'),
  };
  if (annotations !== undefined) {
    ports.annotations = await port('table', 'table.tsv', annotations, [...keys, 'annotations'], 'a table (.tsv)');
  }
  return [{ label, entities: {}, ports }];
}

const one: JsonSchema = {
  anyOf: [
    pathProperty('A movie.'),
    {
      type: 'object',
      required: ['video'],
      additionalProperties: false,
      properties: {
        video: pathProperty('A movie.'),
        annotations: pathProperty('A table of what is seen or heard in it, for the step `annotations`.'),
      },
    },
  ],
};

export const videosType: ArtifactType = {
  name: 'videos',
  title: 'several movies: parts of a film, or clips',
  description: [
    'A collection: `foreach: inputs.<name>` makes one instance per movie, with the ports',
    '',
    '- `item.video`: the movie',
    '- `item.annotations`: its table of annotations (`table`), where one is named',
    '',
    'The names are those under `files`. The step `align` finds by them which movie was shown in which scan.',
  ].join('\n'),
  input: {
    properties: {
      files: {
        type: 'object',
        minProperties: 1,
        propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._+-]*$' },
        additionalProperties: one,
        description:
          'The movies by name: `{ part1: part1.mp4 }`, or with annotations `{ part1: { video: part1.mp4, annotations: faces.tsv } }`.',
      },
    },
    required: ['files'],
    items: { video: 'video', annotations: 'table' },
    resolve: (spec, context) => resolve(spec as Parameters<typeof resolve>[0], context),
  },
};
