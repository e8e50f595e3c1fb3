import { UserError } from '../../artifacts/user-error.js';
import type { GroupTest } from '../../numerics/glm/group-task.js';
import { jointDesign } from '../../numerics/glm/joint.js';
import { type ContrastSpec, contrastOf, isF } from '../contrast/weights.js';
import type { GroupParams } from './index.js';
import type { Participants } from './participants.js';

/** The test of a group, and what to say of it. */
export interface Design {
  readonly test: GroupTest;
  /** Degrees of freedom of t and below the line of F; absent where every voxel has its own. */
  readonly df?: number;
  /** Above the line of F. */
  readonly df1: number;
  readonly type: 't' | 'F';
  /** `faces - houses`, `age`. */
  readonly tests: string;
  readonly notes: readonly string[];
  /** Subjects in each group. */
  readonly groups?: Readonly<Record<string, number>>;
}

interface Column {
  readonly name: string;
  readonly values: Float64Array;
}

/** Whether the parameters ask for an F. */
export function testsF({ contrast }: GroupParams): boolean {
  return contrast !== undefined && isF(contrast);
}

/**
 * The design over `subjects`. Throws UserError where participants lack something, groups are not two, subjects are too
 * few, or the contrast cannot be told.
 */
export function designOf(
  params: GroupParams,
  subjects: readonly string[],
  participants: Participants | undefined,
): Design {
  const n = subjects.length;
  const groups = groupsOf(params, participants);
  const covariates = covariatesOf(params, participants);
  if (params.design === 'two-sample-welch') return welch(groups!, n);
  const plain = params.design === 'one-sample' || params.design === 'paired';
  if (plain && covariates.length === 0) {
    if (params.contrast !== undefined) contrastOf(params.contrast, ['mean'], named);
    return { test: { kind: 'one-sample' }, df: n - 1, df1: 1, type: 't', tests: 'mean', notes: [] };
  }
  const columns = [...(groups?.columns ?? [{ name: 'mean', values: new Float64Array(n).fill(1) }]), ...covariates];
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new UserError({ message: `two columns of the design are named "${twice}"`, keys: ['covariates'] });
  const spec = params.contrast ?? defaultContrast(params, groups);
  const contrast = contrastOf(spec, names, named);
  const model = {
    noise: 'ols' as const,
    time: n,
    kernels: columns.length,
    rank: 0,
    regressors: Float64Array.from(columns.flatMap(({ values }) => [...values])),
    nuisance: new Float64Array(0),
  };
  const { basis, rank, contrasts } = jointDesign(model, [contrast], 0);
  const [coordinates] = contrasts;
  if (!coordinates) {
    throw new UserError({
      message: `the contrast cannot be told: the columns ${names.join(', ')} depend on each other over these ${n} subjects`,
      expected: 'a contrast of columns that the others do not determine',
      hint: 'A covariate that is the same in all subjects, or that follows from the groups, tells nothing more.',
      keys: [params.contrast === undefined ? 'covariates' : 'contrast'],
    });
  }
  const df = n - rank;
  if (df < 1) {
    throw new UserError({
      message: `no degrees of freedom: ${n} subjects for ${rank} columns (${names.join(', ')})`,
      expected: 'more subjects than columns',
    });
  }
  const notes = rank < columns.length ? [`of ${columns.length} columns of the design ${rank} are independent`] : [];
  return {
    test: { kind: 'linear', design: { subjects: n, basis, rank, type: contrast.type, contrast: coordinates } },
    ...{ df, df1: coordinates.length, type: contrast.type, tests: textOf(spec), notes },
    ...(groups && { groups: groups.counts }),
  };
}

const named = { name: 'contrast', keys: ['contrast'], what: 'column of the design' };

interface Groups {
  readonly columns: readonly [Column, Column];
  readonly counts: Readonly<Record<string, number>>;
  /** [subject] */
  readonly second: readonly boolean[];
}

function groupsOf(params: GroupParams, participants: Participants | undefined): Groups | undefined {
  if (!params.design.startsWith('two-sample')) return undefined;
  const column = params.group!;
  const values = required(participants, 'group').texts(column, 'group');
  const levels = params.groups ?? [...new Set(values)].sort();
  const [first, second] = levels;
  if (levels.length !== 2 || first === second || levels.some((level) => !values.includes(level))) {
    throw new UserError({
      message: `the subjects have ${[...new Set(values)].map((level) => `"${level}"`).join(', ')} in the column ${column}${params.groups ? `, not both of ${levels.join(' and ')}` : ''}`,
      expected: 'two groups, each with a subject',
      keys: [params.groups ? 'groups' : 'group'],
    });
  }
  const other = values.findIndex((value) => !levels.includes(value));
  if (other >= 0) {
    throw new UserError({
      message: `${values.filter((value) => !levels.includes(value)).length} subjects are in neither group, the first with "${values[other]}"`,
      expected: `${first} or ${second}`,
      hint: 'Leave these subjects out of the fits (`subjects` of the input).',
      keys: ['groups'],
    });
  }
  const columnOf = (level: string): Column => ({
    name: level,
    values: Float64Array.from(values, (value) => (value === level ? 1 : 0)),
  });
  const count = (level: string) => values.filter((value) => value === level).length;
  return {
    columns: [columnOf(first!), columnOf(second!)],
    counts: { [first!]: count(first!), [second!]: count(second!) },
    second: values.map((value) => value === second),
  };
}

function covariatesOf({ covariates = [], centre }: GroupParams, participants: Participants | undefined): Column[] {
  return covariates.map((name) => {
    const values = required(participants, 'covariates').numbers(name, 'covariates');
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { name, values: centre === 'mean' ? values.map((value) => value - mean) : values };
  });
}

function required(participants: Participants | undefined, key: string): Participants {
  if (participants) return participants;
  throw new UserError({
    message: `"${key}" names a column of participants, but no table of participants is wired`,
    expected: '`participants` under `in`: a table (participants.tsv)',
    keys: [key],
  });
}

function welch({ counts, second }: Groups, n: number): Design {
  const small = Object.entries(counts).find(([, count]) => count < 2);
  if (small) {
    throw new UserError({
      message: `one subject in the group ${small[0]}, of ${n} subjects in all`,
      expected: 'two or more in each group: with one there is no variance of its own',
      hint: 'The design "two-sample" takes one variance for both groups.',
      keys: ['design'],
    });
  }
  return {
    test: { kind: 'welch', second },
    df1: 1,
    type: 't',
    tests: Object.keys(counts).join(' - '),
    notes: [],
    groups: counts,
  };
}

function defaultContrast({ design, covariates = [] }: GroupParams, groups: Groups | undefined): ContrastSpec {
  if (groups) return { [groups.columns[0].name]: 1, [groups.columns[1].name]: -1 };
  return design === 'regression' ? covariates[0]! : 'mean';
}

function textOf(spec: ContrastSpec): string {
  if (typeof spec === 'string') return spec;
  if (isF(spec)) return `F of ${spec.F.map((row) => textOf(row)).join('; ')}`;
  return Object.entries(spec)
    .map(([name, weight], index) => {
      const sign = weight < 0 ? '- ' : index > 0 ? '+ ' : '';
      return `${sign}${Math.abs(weight) === 1 ? '' : `${Math.abs(weight)} `}${name}`;
    })
    .join(' ');
}
