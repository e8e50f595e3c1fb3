import path from 'node:path';
import { type Problem, UserError } from '../../artifacts/user-error.js';
import { copyNames } from './copy-names.js';
import { type Keys, readDocument, type SpecDocument } from './document.js';
import { asMap, isMap, type PlainMap } from './plain.js';

/** The parts of a file whose entries have names; these are what fragments bring and extensions override. */
const SECTIONS = ['params', 'inputs', 'steps', 'outputs', 'experiments'] as const;
/** Where an override goes into the entry instead of replacing it; deeper maps are values and replace each other. */
const MERGED: Readonly<Record<string, { readonly kind: string; readonly maps: readonly string[] }>> = {
  inputs: { kind: 'type', maps: [] },
  steps: { kind: 'uses', maps: ['in', 'with'] },
};

/** Which file wrote a value: the one of the nearest key above it that is known. */
interface Origin {
  readonly doc: SpecDocument;
  readonly keys?: ReadonlyMap<string, Origin>;
}

interface Part {
  readonly value: unknown;
  readonly origin: Origin;
}

/** What all files have in common while one study is read. */
interface Reading {
  readonly files: Map<string, SpecDocument>;
  /** The paths by which files name each other, as written. */
  readonly named: string[];
  readonly problems: Problem[];
}

/**
 * Reads a workflow file with the fragments that it includes and the workflow that it extends, as one document whose
 * places are in the file that each value was written in. `include` adds entries: a name may come from one file only.
 * `extends` takes everything of another workflow but its `name`; entries of this file override those of the same name.
 * @throws UserError as `readDocument`, and for files that are missing or include themselves
 */
export async function readStudy(file: string): Promise<SpecDocument> {
  const main = await readDocument(file);
  const top = asMap(main.value);
  if (!('include' in top) && !('extends' in top)) return main;
  const reading: Reading = { files: new Map([[main.file, main]]), named: [], problems: [...main.problems] };
  const { value, origin } = await study(main, reading, [main.file]);
  const ownerOf = (keys: Keys) => keys.reduce<Origin>((at, key) => child(at, String(key)), origin).doc;
  const copies = copyNames([...reading.files.keys()], reading.named);
  return {
    file: main.file,
    files: [...reading.files.values()].map(({ files }, index) => ({ ...files[0]!, copy: copies[index]! })),
    value,
    problems: reading.problems,
    placeOf: (keys) => ownerOf(keys).placeOf(keys),
    placeOfKey: (keys) => ownerOf(keys).placeOfKey(keys),
  };
}

/** The document with its fragments, over the workflow that it extends. */
async function study(doc: SpecDocument, reading: Reading, chain: readonly string[]): Promise<Part> {
  const own = await withFragments(doc, reading, chain, new Set());
  const given = asMap(doc.value).extends;
  if (given === undefined) return own;
  if (typeof given !== 'string') {
    reading.problems.push({
      message: '`extends` names one workflow file',
      place: doc.placeOf(['extends']),
      expected: '`extends: base.yaml`',
    });
    return own;
  }
  const base = await open(doc, given, ['extends'], reading, chain);
  const { value, origin } = await study(base, reading, [...chain, base.file]);
  const { name: _, ...inherited } = asMap(value);
  return override({ value: inherited, origin }, own);
}

/** Adds the entries of the fragments to those of the document; a fragment that is met again adds nothing. */
async function withFragments(
  doc: SpecDocument,
  reading: Reading,
  chain: readonly string[],
  met: Set<string>,
): Promise<Part> {
  const { include, extends: _, ...value } = asMap(doc.value);
  let sum: Part = { value, origin: { doc } };
  const list = include === undefined ? [] : [include].flat();
  for (const [index, given] of list.entries()) {
    const keys = Array.isArray(include) ? ['include', index] : ['include'];
    if (typeof given !== 'string') {
      const message = '`include` names files';
      reading.problems.push({ message, place: doc.placeOf(keys), expected: '`include: [atlas.yaml, glm.yaml]`' });
      continue;
    }
    const fragment = await open(doc, given, keys, reading, chain);
    if (met.has(fragment.file)) continue;
    met.add(fragment.file);
    checkFragment(fragment, reading.problems);
    sum = union(sum, await withFragments(fragment, reading, [...chain, fragment.file], met), reading.problems);
  }
  return sum;
}

/** Reads a file that another one names. */
async function open(
  from: SpecDocument,
  given: string,
  keys: Keys,
  reading: Reading,
  chain: readonly string[],
): Promise<SpecDocument> {
  const file = path.resolve(path.dirname(from.file), given);
  const place = from.placeOf(keys);
  reading.named.push(given);
  if (chain.includes(file)) {
    const round = [...chain.slice(chain.indexOf(file)), file].map((one) => path.basename(one));
    const message =
      round.length === 2 ? 'this file names itself' : `these files name each other: ${round.join(' -> ')}`;
    throw new UserError({ message, place, expected: 'files that go one way' });
  }
  const known = reading.files.get(file);
  if (known) return known;
  try {
    const doc = await readDocument(file);
    if (!isMap(doc.value)) {
      const message = `the file holds ${Array.isArray(doc.value) ? 'a list' : 'a single value'}, not a workflow`;
      throw new UserError({ message, place: doc.placeOf([]), expected: 'keys such as `inputs` and `steps`' });
    }
    reading.files.set(file, doc);
    reading.problems.push(...doc.problems);
    return doc;
  } catch (error) {
    // What is wrong inside it is told there; that it cannot be read, where it is named.
    if (!(error instanceof UserError) || error.problems.some((problem) => problem.place?.line !== undefined))
      throw error;
    throw new UserError(
      error.problems.map(({ message }) => ({
        message: `${file}: ${message}`,
        place,
        expected: `a file, its path relative to the folder of ${path.basename(from.file)}`,
      })),
      { cause: error },
    );
  }
}

function checkFragment(doc: SpecDocument, problems: Problem[]): void {
  const top = asMap(doc.value);
  if (Object.hasOwn(top, 'voxreel') && top.voxreel !== 1)
    problems.push({ message: '`voxreel` is not 1', place: doc.placeOf(['voxreel']), expected: '1' });
  for (const key of Object.keys(top)) {
    if (key === 'voxreel' || key === 'include' || SECTIONS.some((section) => section === key)) continue;
    problems.push({
      message: `\`${key}\` cannot stand in an included file`,
      place: doc.placeOfKey([key]),
      expected: `voxreel, include, ${SECTIONS.join(', ')}`,
      ...(key === 'name' ? { hint: 'To build on a whole workflow write `extends`, not `include`.' } : {}),
    });
  }
}

/** Both, where no name may be in both. */
function union(a: Part, b: Part, problems: Problem[]): Part {
  const value: Record<string, unknown> = { ...asMap(a.value) };
  const keys = new Map(a.origin.keys);
  for (const section of SECTIONS) {
    const added = asMap(b.value)[section];
    if (!isMap(added)) {
      if (added !== undefined && added !== null) {
        const message = `\`${section}\` is not a map of names`;
        problems.push({ message, place: b.origin.doc.placeOf([section]), expected: '`name: …` lines' });
      }
      continue;
    }
    const [before, from] = [asMap(value[section]), child(a.origin, section)];
    const names = new Map(from.keys);
    for (const name of Object.keys(added)) {
      const origin = child(child(b.origin, section), name);
      if (Object.hasOwn(before, name)) {
        const other = child(from, name).doc;
        problems.push({
          message: `\`${section}.${name}\` is also in ${path.basename(other.file)}, line ${other.placeOfKey([section, name]).line}`,
          place: origin.doc.placeOfKey([section, name]),
          expected: 'every name in one file only',
          hint: 'To override what another workflow says, name that one under `extends`.',
        });
      } else names.set(name, origin);
    }
    value[section] = { ...added, ...before };
    keys.set(section, { doc: from.doc, keys: names });
  }
  return { value, origin: { doc: a.origin.doc, keys } };
}

/** The base with what the extension says instead. */
function override(base: Part, own: Part): Part {
  return merge(base, own, (section, before, after) => {
    if (!SECTIONS.some((name) => name === section) || !isMap(before.value) || !isMap(after.value)) return after;
    return merge(before, after, (_, old, entry) => {
      if (entry.value === null && section !== 'params') return undefined;
      const rule = MERGED[section];
      if (!rule || !isMap(old.value) || !isMap(entry.value)) return entry;
      const { [rule.kind]: now = old.value[rule.kind] } = entry.value as PlainMap;
      // The parameters of another type would mean nothing here.
      if (now !== old.value[rule.kind]) return entry;
      return merge(old, entry, (key, was, is) => {
        if (is.value === null) return undefined;
        if (!rule.maps.includes(key) || !isMap(was.value) || !isMap(is.value)) return is;
        return merge(was, is, (_key, _was, one) => (one.value === null ? undefined : one));
      });
    });
  });
}

/** A map with the keys of both; for a key of both, `combine` says what becomes of it (nothing: it is left out). */
function merge(base: Part, own: Part, combine: (key: string, base: Part, own: Part) => Part | undefined): Part {
  const [before, after] = [asMap(base.value), asMap(own.value)];
  const value: Record<string, unknown> = {};
  const keys = new Map<string, Origin>();
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [a, b] = [base, own].map((part) => ({ value: asMap(part.value)[key], origin: child(part.origin, key) }));
    const [inBase, inOwn] = [Object.hasOwn(before, key), Object.hasOwn(after, key)];
    const result = inBase && inOwn ? combine(key, a!, b!) : inOwn ? b : a;
    if (!result) continue;
    value[key] = result.value;
    keys.set(key, result.origin);
  }
  return { value, origin: { doc: own.origin.doc, keys } };
}

function child(origin: Origin, key: string): Origin {
  return origin.keys?.get(key) ?? { doc: origin.doc };
}
