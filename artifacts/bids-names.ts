/** A file name of BIDS taken apart: `sub-01_task-pixar_space-T1w_desc-preproc_bold.nii.gz`. */
export interface BidsName {
  /** By short name, in the order of the file name. */
  readonly entities: Readonly<Record<string, string>>;
  /** `bold`, `mask`, `timeseries`. */
  readonly suffix: string;
  /** `.nii.gz`, with the dot. */
  readonly extension: string;
}

/** Null for a name that is not made of entities, suffix and extension. */
export function parseBidsName(name: string): BidsName | null {
  const match = /^((?:[a-zA-Z]+-[^_.]+_)*)([a-zA-Z0-9]+)(\.[a-zA-Z0-9.]+)$/.exec(name);
  if (!match) return null;
  const entities: Record<string, string> = {};
  for (const part of match[1]!.split('_').filter(Boolean)) {
    const hyphen = part.indexOf('-');
    entities[part.slice(0, hyphen)] = part.slice(hyphen + 1);
  }
  return { entities, suffix: match[2]!, extension: match[3]! };
}

export function formatBidsName({ entities, suffix, extension }: BidsName): string {
  return `${Object.entries(entities)
    .map(([key, value]) => `${key}-${value}_`)
    .join('')}${suffix}${extension}`;
}

/** The JSON file that tells of an image or a table: `x.json` for `x.nii.gz`. */
export function sidecarOf(file: string): string {
  return `${file.replace(/(\.nii\.gz|\.[^./\\]+)$/i, '')}.json`;
}

/**
 * Whether a label of a file is the one that the user wrote: with or without its prefix (`sub-01`, `01`), and numbers
 * with or without leading zeros, since YAML reads 01 as 1.
 */
export function sameLabel(entity: string, found: string, wanted: string | number): boolean {
  const text = String(wanted);
  const label = text.startsWith(`${entity}-`) ? text.slice(entity.length + 1) : text;
  if (label === found) return true;
  return /^\d+$/.test(label) && /^\d+$/.test(found) && BigInt(label) === BigInt(found);
}

/** 2 before 10, whatever the padding. */
export const byLabel = new Intl.Collator('en', { numeric: true }).compare;
