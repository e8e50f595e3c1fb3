import type { JsonObject } from '../../artifacts/artifact.js';
import { number } from '../../engine/methods/text.js';

/** How many rearrangements were made, as the result says; before there is one, as many as were asked for. */
export function repetitionWords(meta: JsonObject | undefined, asked: number, seed: number, what: string): string {
  const facts = meta?.permutation as JsonObject | undefined;
  const count = number(facts, 'count');
  if (facts?.exact === true) return `all ${count} ${what}`;
  return `${count ?? `at most ${asked}`} ${what} drawn with seed ${seed}`;
}
