import { createInterface } from 'node:readline/promises';
import { UserError } from '../../artifacts/user-error.js';
import { completePath } from './complete-path.js';
import type { Choose } from './found.js';
import { typedPath } from './typed-path.js';

export interface Streams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Somebody at a terminal who is asked. Ctrl-C and Ctrl-D end it with a UserError. */
export interface Person {
  /** Asks until `accept` takes the answer; what it throws as a UserError is shown. Undefined for an empty answer. */
  ask<T>(question: string, accept: (answer: string) => Promise<T>): Promise<T | undefined>;
  /** An empty answer takes the first choice. */
  readonly choose: Choose;
  close(): void;
}

/** Asks line by line; Tab completes paths. */
export function personAt({ input, output }: Streams): Person {
  const reader = createInterface({ input, output, prompt: '> ', completer: completePath });
  // Keeps lines that come before they are asked for, such as pasted ones.
  const lines = reader[Symbol.asyncIterator]();

  async function answerTo(question: string): Promise<string> {
    output.write(`${question}\n`);
    reader.prompt();
    const { value, done } = await lines.next();
    if (done) throw new Stopped();
    return value.trim();
  }

  return {
    async ask(question, accept) {
      for (;;) {
        const answer = await answerTo(question);
        if (answer === '') return undefined;
        try {
          return await accept(typedPath(answer));
        } catch (error) {
          if (!(error instanceof UserError) || error instanceof Stopped) throw error;
          output.write(`${error.message}\n`);
        }
      }
    },
    async choose(what, choices) {
      const list = choices.map((choice, i) => (i === 0 ? `[${choice}]` : choice)).join(', ');
      for (;;) {
        const answer = await answerTo(`Which ${what}? ${list}`);
        if (answer === '') return choices[0]!;
        if (choices.includes(answer)) return answer;
        output.write(`One of ${choices.join(', ')}, please.\n`);
      }
    },
    close: () => reader.close(),
  };
}

class Stopped extends UserError {
  constructor() {
    super({ message: 'stopped: nothing is written' });
  }
}
