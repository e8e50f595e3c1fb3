import type { JsonSchema } from '../../artifacts/artifact.js';
import type { StepLimits } from '../workflow.js';

const SECONDS = { s: 1, min: 60, h: 3600 } as const;
export const MEGABYTES = { MB: 1, GB: 1024 } as const;

const NUMBER = '^[0-9]+(\\.[0-9]+)? ?';

/** Keys of a step that bound its runs. No part of a result, so changing one runs nothing again. */
export const limitProperties = {
  retries: {
    type: 'integer',
    minimum: 0,
    default: 0,
    description: 'How often a failed instance is tried again, after 1, 2, 4 … s.',
  },
  timeout: {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'string', pattern: `${NUMBER}(${Object.keys(SECONDS).join('|')})$` },
    ],
    description: 'An instance that takes longer is ended and has failed: seconds, or `90 s`, `30 min`, `2 h`.',
  },
  memory: {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'string', pattern: `${NUMBER}(${Object.keys(MEGABYTES).join('|')})$` },
    ],
    description:
      'Memory that one instance takes, if the step type’s own estimate is wrong: MB, or `800 MB`, `4 GB`. As many run at once as fit.',
  },
} as const satisfies Record<string, JsonSchema>;

/** The limits in an entry of `steps`; what the schema refuses (reported elsewhere) is left out. */
export function readLimits(raw: Readonly<Record<string, unknown>>): StepLimits {
  const timeout = amount(raw.timeout, SECONDS);
  const memoryMB = amount(raw.memory, MEGABYTES);
  return {
    retries: Number.isInteger(raw.retries) ? (raw.retries as number) : 0,
    ...(timeout === undefined ? {} : { timeout }),
    ...(memoryMB === undefined ? {} : { memoryMB }),
  };
}

/** `30 min` in the unit that counts 1; a bare number is in it already. Undefined for what is no amount. */
export function amount(value: unknown, units: Readonly<Record<string, number>>): number | undefined {
  if (typeof value === 'number') return value;
  const [, number, unit = ''] = /^([0-9.]+) ?([A-Za-z]+)$/.exec(String(value)) ?? [];
  return number === undefined || !(unit in units) ? undefined : Number(number) * units[unit]!;
}
