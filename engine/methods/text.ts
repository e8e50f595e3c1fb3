import type { Json, JsonObject } from '../../artifacts/artifact.js';
import type { Reference } from './reference.js';

/** Paragraphs of a methods section; those with text come in the order in which the workflow reaches them. */
export const sections = {
  stimulus: 'Stimulus',
  subjects: 'Individual analysis',
  group: 'Group analysis',
  reverse: 'From brain regions back to the stimulus',
  other: 'Other steps',
} as const;

/** What a step did, told to its sentences. */
export interface MethodsFacts<P = Readonly<Record<string, unknown>>> {
  readonly params: P;
  /** Instances of the step: 1, or one for each run of each subject, or for each movie. */
  readonly count: number;
  /** Different subjects among them; 0 where it does not fan out over subjects. */
  readonly subjects: number;
  /** By port: what the results of the step before, or the user's files, say about themselves (`meta`). Ports that are not wired are absent. */
  readonly inputs: Readonly<Record<string, readonly JsonObject[]>>;
  /** By port: `meta` of the results, one for each instance. */
  readonly outputs: Readonly<Record<string, readonly JsonObject[]>>;
  /** Programs and libraries that the result depends on, with their versions. */
  readonly tools: Readonly<Record<string, string>>;
}

/** What a step did, in words: whole sentences in the past tense, Markdown, with citations such as `[@glover1999]`. */
export interface MethodsText {
  readonly section: keyof typeof sections;
  readonly text: string;
  readonly references: readonly Reference[];
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(items: readonly (string | number)[]): string {
  if (items.length < 2) return String(items[0] ?? '');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `1 volume`, `5 volumes`. */
export function counted(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** `each of the 8 subjects`, `each of the 16 runs of 8 subjects`; `the subject` where there is only one. */
export function eachSubject({ count, subjects }: Pick<MethodsFacts, 'count' | 'subjects'>): string {
  if (count === 1) return subjects === 1 ? 'the subject' : 'the image';
  if (subjects === 0) return `each of the ${count} images`;
  return count === subjects
    ? `each of the ${count} subjects`
    : `each of the ${count} runs of ${counted(subjects, 'subject')}`;
}

/** The same of all together: `the 8 subjects`, `the 16 runs of 8 subjects`. */
export function allSubjects(facts: Pick<MethodsFacts, 'count' | 'subjects'>): string {
  return eachSubject(facts).replace(/^each of /, '');
}

/** `the highest peak`, `the 3 highest peaks`. */
export function theMost(number: number, singular: string, plural = `${singular}s`): string {
  return number === 1 ? `the ${singular}` : `the ${number} ${plural}`;
}

/** What several results say of the same thing: `165`, `160 to 165`; empty where they say nothing. */
export function range(metas: readonly JsonObject[] | undefined, name: string): string {
  const values = (metas ?? []).map((meta) => meta[name]).filter((value) => typeof value === 'number') as number[];
  if (values.length === 0) return '';
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? rounded(least) : `${rounded(least)} to ${rounded(most)}`;
}

/** With at most four significant digits. */
export function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Sentences one after another; what is empty is left out. */
export function sentences(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter(Boolean).join(' ');
}

/** A number that a result says of itself, if it does. */
export function number(meta: JsonObject | undefined, name: string): number | undefined {
  const value: Json | undefined = meta?.[name];
  return typeof value === 'number' ? value : undefined;
}
