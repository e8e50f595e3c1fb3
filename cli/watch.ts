import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../artifacts/user-error.js';
import { few } from '../engine/reason-text.js';
import { resolveInputs } from '../engine/spec/inputs.js';
import { type LoadOptions, loadWorkflow } from '../engine/spec/load.js';
import { count } from './terminal/text.js';

/** How often is looked, if looking is cheap; it may take a twentieth of the time at most. */
const EVERY_MS = 500;
const SHARE = 20;
/** An editor writes in several steps, a copy takes a while: a change counts once nothing has changed for so long. */
const QUIET_MS = 300;

interface Picture {
  /** Every file that a study depends on, by path, with what the file system says of it. */
  readonly files: ReadonlyMap<string, string>;
  /** What keeps the study from running; its files are then not all known. */
  readonly fault: string;
}

/**
 * Runs a study, and again whenever its file, its own step files or its inputs have changed, until `signal` aborts. A run
 * that goes on is finished first. Looks at the files instead of asking the system to tell: that works on network folders
 * too, and finds new subjects by the rules of the input's type.
 */
export async function watch(
  file: string,
  options: LoadOptions,
  run: () => Promise<void>,
  tell: (message: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let last = await picture(file, options);
  for (;;) {
    await run();
    if (signal.aborted) return;
    tell(`Watching ${file} and what it reads (${count(last.files.size, 'file')}). Ctrl-C ends.`);
    const now = await nextChange(file, options, last, signal);
    if (!now) return;
    tell(`\nChanged: ${differing(last, now)}`);
    last = now;
  }
}

async function nextChange(
  file: string,
  options: LoadOptions,
  last: Picture,
  signal: AbortSignal,
): Promise<Picture | undefined> {
  for (let pause = 0; ; ) {
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    const began = performance.now();
    let now = await picture(file, options);
    pause = Math.max(EVERY_MS, SHARE * (performance.now() - began));
    if (same(last, now)) continue;
    for (let before = last; !same(before, now) && !signal.aborted; ) {
      before = now;
      await sleep(QUIET_MS, undefined, { signal }).catch(() => undefined);
      now = await picture(file, options);
    }
    if (!same(last, now)) return now;
  }
}

/** What cannot be read now is part of the picture too: the run will say what is wrong, and a mended file is a change. */
async function picture(file: string, options: LoadOptions): Promise<Picture> {
  const files = new Set([path.resolve(file)]);
  let fault = '';
  try {
    const workflow = await loadWorkflow(file, options);
    for (const { file } of workflow.files) files.add(file);
    for (const { type } of workflow.steps)
      if (type.name.startsWith('.')) files.add(path.resolve(workflow.baseDir, type.name));
    for (const input of (await resolveInputs(workflow, options.registry)).values()) {
      const found = 'files' in input ? [input] : input.flatMap(({ ports }) => Object.values(ports));
      for (const { files: own } of found) for (const one of Object.values(own)) files.add(one);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    for (const { place } of error.problems) if (place && path.isAbsolute(place.file)) files.add(place.file);
    fault = error.message;
  }
  const facts = await Promise.all(
    [...files].map(async (one) => {
      const found = await stat(one).catch(() => undefined);
      return [one, found ? `${found.size} ${found.mtimeMs} ${found.ino}` : 'gone'] as const;
    }),
  );
  return { files: new Map(facts), fault };
}

function same(a: Picture, b: Picture): boolean {
  return (
    a.fault === b.fault &&
    a.files.size === b.files.size &&
    [...a.files].every(([file, facts]) => b.files.get(file) === facts)
  );
}

/** Files of which only one picture knows have come or gone, unless a mistake in the study hides the others. */
function differing(a: Picture, b: Picture): string {
  const isWhole = a.fault === '' && b.fault === '';
  const names = [...new Set([...a.files.keys(), ...b.files.keys()])].filter(
    (file) => a.files.get(file) !== b.files.get(file) && (isWhole || (a.files.has(file) && b.files.has(file))),
  );
  return few(names.map((name) => path.relative('', name))) || 'what it reads';
}
