/** Order of entities in BIDS file names (BIDS 1.9, appendix "Entity table"), short names. */
const ENTITIES = [
  ...['sub', 'ses', 'sample', 'task', 'tracksys', 'acq', 'ce', 'trc', 'stain', 'rec', 'dir', 'run', 'mod', 'echo'],
  ...['flip', 'inv', 'mt', 'part', 'proc', 'hemi', 'space', 'split', 'recording', 'chunk', 'atlas', 'seg', 'scale'],
  ...['res', 'den', 'label', 'desc'],
];

export interface Named {
  readonly label?: string;
  readonly entities?: Readonly<Record<string, string>>;
}

/**
 * Start of the file names of each member of an output: its BIDS entities (`sub-01_task-pixar`), else its label, else
 * the name of the output. Members that would get the same name get their labels instead, which differ.
 */
export function stemsOf(output: string, members: readonly Named[]): string[] {
  const stems = members.map((member) => entityStem(member) ?? safeName(member.label ?? output));
  const count = new Map<string, number>();
  for (const stem of stems) count.set(stem, (count.get(stem) ?? 0) + 1);
  return stems.map((stem, index) => {
    if (count.get(stem) === 1) return stem;
    const { label } = members[index]!;
    return label === undefined ? `${stem}-${index + 1}` : safeName(label);
  });
}

function entityStem({ entities }: Named): string | undefined {
  if (!entities || Object.keys(entities).length === 0) return undefined;
  const position = (name: string) => (ENTITIES.includes(name) ? ENTITIES.indexOf(name) : ENTITIES.length);
  return Object.entries(entities)
    .sort(([a], [b]) => position(a) - position(b))
    .map(([name, value]) => `${safeName(name)}-${safeName(value)}`)
    .join('_');
}

/** A name as one part of a path on any file system. */
export function safeName(name: string): string {
  return name.replace(/[^A-Za-z0-9._+-]+/g, '-').replace(/^\.+/, '') || 'unnamed';
}
