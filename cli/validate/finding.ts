import type { Problem } from '../../artifacts/user-error.js';

/** What `validate` looks for, by the names that reports for machines carry. */
export const rules = {
  workflow: 'The workflow file says something that is not valid.',
  input: 'An input is missing, cannot be read, or is not what it should be.',
  'unused-parameter': 'A parameter under `params` that nothing uses.',
  'unused-input': 'An input that no step reads.',
  'unused-step': 'A step that no output needs.',
} as const;

export type Rule = keyof typeof rules;

/** A problem, or something to know, with its weight. Only errors make a file invalid. */
export interface Finding extends Problem {
  readonly rule: Rule;
  readonly level: 'error' | 'warning' | 'note';
}
