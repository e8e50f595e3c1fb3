import { UserError } from '../artifacts/user-error.js';
import { didYouMean, listNames } from '../engine/spec/nearest.js';
import type { Workflow } from '../engine/workflow.js';
import { DEFAULT_TOLERANCE, type Tolerance } from './judge.js';
import type { Lock, LockedContent, LockedValue } from './lock-file.js';

/** The tolerance that was asked for of a result (`fit[sub-01].fit`); undefined where none was. */
export type AskedTolerance = (id: string) => Tolerance | undefined;

/**
 * Reads what `--tolerance` said: `1e-4` for everything, `NAME=1e-3` for an output or for all results of a step. What names
 * more goes first, of equals the last one.
 * @throws UserError for a value that is no tolerance or a name that the workflow does not have
 */
export function readTolerances(texts: readonly string[], workflow: Workflow): AskedTolerance {
  let general: Tolerance | undefined;
  const byStep = new Map<string, Tolerance>();
  const byPort = new Map<string, Tolerance>();
  const steps = new Set(workflow.steps.map(({ name }) => name));
  for (const text of texts) {
    const [, name, value] = /^(?:([^=]*)=)?(.*)$/s.exec(text)!;
    const tolerance = toleranceOf(value!, text);
    if (name === undefined) {
      general = tolerance;
      continue;
    }
    const wire = workflow.outputs.get(name)?.wire;
    if (steps.has(name)) byStep.set(name, tolerance);
    else if (wire?.kind === 'step') byPort.set(`${wire.step}.${wire.port}`, tolerance);
    else {
      const names = new Set([...workflow.outputs.keys(), ...steps]);
      throw new UserError({
        message: `there is no output and no step \`${name}\``,
        place: { file: `--tolerance ${text}` },
        expected: listNames(names),
        ...didYouMean(name, names),
      });
    }
  }
  return (id) => {
    const [, step, port] = /^([^[.]+).*\.([^.]+)$/.exec(id)!;
    return byPort.get(`${step}.${port}`) ?? byStep.get(step!) ?? general;
  };
}

function toleranceOf(value: string, text: string): Tolerance {
  const relative = value.trim() === '' ? Number.NaN : Number(value);
  if (!(relative > 0 && relative < Infinity)) {
    throw new UserError({
      message: `\`${value}\` is no tolerance`,
      place: { file: `--tolerance ${text}` },
      expected:
        'a number above 0: root mean square difference in standard deviations, of tables relative; such as 1e-4 or fit=1e-3',
    });
  }
  // One number says both, and as little as it may be, a voxel at the threshold still passes or not.
  return { relative, flipped: Math.max(DEFAULT_TOLERANCE.flipped, Math.min(1, relative)) };
}

/**
 * A lock whose results have the tolerances that were asked for, else those that they had in the lock before: a new lock does
 * not forget what was learned.
 */
export function withTolerances(lock: Lock, asked: AskedTolerance, before: Lock | undefined): Lock {
  const results = Object.entries(lock.results).map(([id, value]): [string, LockedValue] => {
    const contents = Object.entries(value.contents).map(([name, content]): [string, LockedContent] => {
      const known = content.tolerance ?? before?.results[id]?.contents[name]?.tolerance;
      const tolerance = replaced(known, asked(id));
      return [name, { ...content, ...(tolerance ? { tolerance } : {}) }];
    });
    return [id, { ...value, contents: Object.fromEntries(contents) }];
  });
  const { inputs, results: _, ...head } = lock;
  const learned = before?.learned ? { learned: before.learned } : {};
  return { ...head, ...learned, inputs, results: Object.fromEntries(results) };
}

/** Another value for a tolerance; that names change under rounding stays known. */
export function replaced(known: Tolerance | undefined, asked: Tolerance | undefined): Tolerance | undefined {
  return asked && known?.words ? { ...asked, words: known.words } : (asked ?? known);
}

/** Contents of results that have a tolerance of their own. */
export function savedTolerances({ results }: Lock): number {
  return Object.values(results)
    .flatMap(({ contents }) => Object.values(contents))
    .filter(({ tolerance }) => tolerance).length;
}
