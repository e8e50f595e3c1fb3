import type { Problem } from '../../artifacts/user-error.js';
import { didYouMean, listNames } from '../../engine/spec/nearest.js';
import type { CommandParams } from './index.js';

/** A text for the shell, or a program and its arguments. */
export type CommandLine = string | readonly string[];

/** What a placeholder stands for: one path, or several for a list port. */
export type Values = (side: 'in' | 'out', port: string) => readonly string[];

const PLACEHOLDER = /\{(in|out)\.([^{}\s]*)\}|\{threads\}/g;

/** Placeholders that name no port, and lists where only one path fits. */
export function checkPlaceholders({ run, inputs, outputs }: CommandParams): readonly Problem[] {
  const problems: Problem[] = [];
  const texts = typeof run === 'string' ? [run] : run;
  texts.forEach((text, index) => {
    const keys = typeof run === 'string' ? ['run'] : ['run', index];
    for (const [found, side, port] of text.matchAll(PLACEHOLDER)) {
      if (side === undefined || port === undefined) continue;
      const ports = side === 'in' ? inputs : outputs;
      const known = Object.keys(ports);
      if (!Object.hasOwn(ports, port)) {
        const where = side === 'in' ? 'inputs' : 'outputs';
        problems.push({
          message: `\`${found}\` names no port under \`${where}\``,
          expected: listNames(known),
          ...didYouMean(port, known),
          keys,
        });
        continue;
      }
      const declared = ports[port];
      const isList = typeof declared === 'object' && 'list' in declared && declared.list === true;
      if (isList && typeof run !== 'string' && text !== found) {
        problems.push({
          message: `\`${found}\` is a list and cannot be part of an argument`,
          expected: `\`${found}\` alone`,
          keys,
        });
      }
    }
  });
  return problems;
}

/** Arguments with placeholders filled in; a list alone becomes several arguments. */
export function fillArguments(run: readonly string[], values: Values, threads: number): string[] {
  return run.flatMap((argument) => {
    const alone = /^\{(in|out)\.([^{}\s]*)\}$/.exec(argument);
    if (alone) return values(alone[1] as 'in' | 'out', alone[2]!);
    return [fill(argument, (side, port) => values(side, port).join(' '), threads)];
  });
}

/** A line for the shell with every path quoted where it needs to be. */
export function fillLine(run: string, values: Values, threads: number): string {
  return fill(run, (side, port) => values(side, port).map(quote).join(' '), threads);
}

function fill(text: string, value: (side: 'in' | 'out', port: string) => string, threads: number): string {
  return text.replace(PLACEHOLDER, (_, side?: 'in' | 'out', port?: string) =>
    side === undefined ? String(threads) : value(side, port!),
  );
}

function quote(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
