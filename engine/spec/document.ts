import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Place, Problem } from '../../artifacts/user-error.js';
import { UserError } from '../../artifacts/user-error.js';
import type { StudyFile } from '../workflow.js';

/** A path inside the file: names of keys and 0-based positions in lists. */
export type Keys = readonly (string | number)[];

/** The text of a workflow file as plain data that still knows where each value was written. */
export interface SpecDocument {
  /** Absolute path. */
  readonly file: string;
  readonly value: unknown;
  /** All files it was read from, itself first. */
  readonly files: readonly StudyFile[];
  /** Faults that leave the rest of the file readable (duplicate keys), to be reported together with what else is found. */
  readonly problems: readonly Problem[];
  /** Place of a value; of its key where the value spans lines; of the nearest thing that exists where it is not in the file. */
  placeOf(keys: Keys): Place;
  /** Place of the key itself (`fit` in `fit: { … }`). */
  placeOfKey(keys: Keys): Place;
}

/** More values than any study repeats by aliases; a file beyond it is an "anchor bomb". */
const MAX_ADDED = 100_000;

/**
 * Reads and parses a workflow file (YAML 1.2 core schema, unique keys, aliases within limits).
 * @throws UserError with every syntax fault and its place.
 */
export async function readDocument(file: string): Promise<SpecDocument> {
  return parseText(file, await readText(file));
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message =
      code === 'ENOENT'
        ? 'there is no such workflow file'
        : code === 'EISDIR'
          ? 'this is a folder, not a workflow file'
          : `the workflow file cannot be read (${code})`;
    const hint = code === 'EISDIR' ? 'Name the .yaml file inside it.' : '`voxreel init` writes a first workflow file.';
    throw new UserError({ message, place: { file }, hint }, { cause: error });
  }
  if (bytes.subarray(0, 4096).includes(0)) {
    throw new UserError({ message: 'this is not a text file', place: { file }, expected: 'YAML in UTF-8' });
  }
  return bytes.toString('utf8');
}

function parseText(file: string, text: string): SpecDocument {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: true });
  const span = (start: number, end: number): Place => {
    const { line, col } = lines.linePos(start);
    const lineEnd = text.indexOf('\n', start);
    const stop = Math.min(end, lineEnd < 0 ? text.length : lineEnd);
    return { file, line, column: col, length: Math.max(1, text.slice(start, stop).trimEnd().length) };
  };

  const faults = [...doc.errors, ...doc.warnings];
  const problems = faults.map((fault) => syntaxProblem(fault, span, text));
  if (faults.some((fault) => fault.code !== 'DUPLICATE_KEY')) {
    throw new UserError(problems.filter((_, index) => isCause(faults[index]!, faults)).filter(firstOnItsLine));
  }
  checkAliases(doc.contents, (node) => span(node.range![0], node.range![1]));
  if (doc.contents === null) {
    throw new UserError({
      message: 'the workflow file is empty',
      place: { file, line: 1, column: 1 },
      hint: '`voxreel init` writes a first workflow file.',
    });
  }
  const find = (keys: Keys) => locate(doc.contents, keys);
  const rangeOf = (node: Node): Place => span(node.range![0], node.range![1]);
  const keyPlace = ({ key, value }: Found): Place =>
    key ? rangeOf(key) : value ? rangeOf(value) : { file, line: 1, column: 1 };
  return {
    file,
    files: [{ file, text, copy: path.basename(file) }],
    value: doc.toJS({ maxAliasCount: -1 }),
    problems,
    placeOf(keys) {
      const found = find(keys);
      const { value } = found;
      const inline = value && (isScalar(value) ? value.source !== '' : isAlias(value) || isFlow(value));
      return inline ? rangeOf(value) : keyPlace(found);
    },
    placeOfKey: (keys) => keyPlace(find(keys)),
  };
}

interface Found {
  readonly key?: Node;
  readonly value?: Node;
}

/** Walks down; stops at the last thing that exists. Aliases are followed, so that a fault shows where it is written. */
function locate(root: Node | null, keys: Keys): Found {
  let found: Found = root ? { value: root } : {};
  for (const key of keys) {
    const parent = found.value;
    if (isMap(parent)) {
      const pair = pairsOf(parent).get(String(key));
      if (!pair) return found;
      found = { key: pair.key as Node, value: follow(root, pair.value as Node | null) };
    } else if (isSeq(parent) && parent.items[Number(key)]) {
      found = { value: follow(root, parent.items[Number(key)] as Node) };
    } else return found;
  }
  return found;
}

/** A map by its keys, made once: a study of thousands of steps asks for thousands of places. */
const pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

function pairsOf(map: YAMLMap): Map<string, Pair> {
  let known = pairs.get(map);
  if (!known) {
    known = new Map(map.items.map((pair) => [String((pair.key as Scalar).value), pair]));
    pairs.set(map, known);
  }
  return known;
}

function follow(root: Node | null, node: Node | null): Node | undefined {
  if (!isAlias(node)) return node ?? undefined;
  let target: Node | undefined;
  visit(root, {
    Node(_, candidate) {
      if (candidate === node) return visit.BREAK;
      if ('anchor' in candidate && candidate.anchor === node.source) target = candidate;
      return undefined;
    },
  });
  return target ?? node;
}

function isFlow(node: Node): boolean {
  return isCollection(node) && node.flow === true;
}

/** After a tab or a first broken line the parser stumbles over lines that are sound; those are not shown. */
function isCause(fault: Fault, all: readonly Fault[]): boolean {
  const tabs = all.some(({ code }) => code === 'TAB_AS_INDENT');
  if (tabs) return fault.code === 'TAB_AS_INDENT' || fault.code === 'DUPLICATE_KEY';
  return (
    fault.code !== 'UNEXPECTED_TOKEN' ||
    all.every(({ code }) => code === 'UNEXPECTED_TOKEN' || code === 'DUPLICATE_KEY')
  );
}

function firstOnItsLine(problem: Problem, index: number, all: readonly Problem[]): boolean {
  return all.findIndex((other) => other.place?.line === problem.place?.line) === index;
}

/** What the parser says is wrong. */
interface Fault {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
}

function syntaxProblem(fault: Fault, span: (start: number, end: number) => Place, text: string): Problem {
  const place = span(fault.pos[0], fault.pos[1]);
  switch (fault.code) {
    case 'DUPLICATE_KEY': {
      const end = text.slice(fault.pos[0]).search(/[:\s]/);
      const key = text.slice(fault.pos[0], fault.pos[0] + Math.max(1, end));
      return {
        message: `the key \`${key}\` is written twice`,
        place: { ...place, length: key.length },
        expected: 'every key once',
        hint: 'Remove or rename one of the two.',
      };
    }
    case 'TAB_AS_INDENT':
      return {
        message: 'this line is indented with a tab',
        place,
        expected: 'spaces (YAML does not allow tabs as indentation)',
        hint: 'Replace the tab by two spaces.',
      };
    case 'MULTIPLE_DOCS':
      return { message: 'a second YAML document starts here', place, expected: 'one workflow per file' };
    case 'TAG_RESOLVE_FAILED':
      return { message: fault.message.replace('Unresolved', 'unknown'), place, expected: 'plain YAML without tags' };
    case 'NON_STRING_KEY':
      return { message: 'a key must be plain text', place };
    default:
      return {
        message: `this is not valid YAML: ${fault.message.charAt(0).toLowerCase()}${fault.message.slice(1)}`,
        place,
        hint: 'Look for a missing quote, bracket or colon here or on the line above.',
      };
  }
}

/** How many values a node stands for with its aliases written out, and how many of these only aliases add. */
interface Size {
  readonly all: number;
  readonly added: number;
}

/** Refuses unknown anchors, aliases of themselves, and files that aliases blow up, before anything is expanded. */
function checkAliases(root: Node | null, placeOf: (node: Node) => Place): void {
  const sizes = new Map<string, Size | 'open'>();
  const problem = (node: Node, message: string, expected?: string) =>
    new UserError({ message, place: placeOf(node), ...(expected ? { expected } : {}) });
  const measure = (node: unknown): Size => {
    if (node instanceof Pair) return measure(node.value);
    if (isAlias(node)) {
      const size = sizes.get(node.source);
      const name = `\`*${node.source}\``;
      if (size === undefined) throw problem(node, `the alias ${name} has no anchor \`&${node.source}\` before it`);
      if (size === 'open') throw problem(node, `the alias ${name} contains itself`);
      return { all: size.all, added: size.all };
    }
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor) sizes.set(anchor, 'open');
    let [all, added] = [1, 0];
    if (isCollection(node)) {
      for (const item of node.items) {
        const size = measure(item);
        all += size.all;
        added += size.added;
        if (added > MAX_ADDED)
          throw problem(
            firstAlias(item)!,
            `the aliases of this file stand for more than ${MAX_ADDED} values`,
            'aliases that repeat a few lines; this looks like a file made to fill the memory',
          );
      }
    }
    if (anchor) sizes.set(anchor, { all, added });
    return { all, added };
  };
  measure(root);
}

function firstAlias(item: unknown): Node | undefined {
  let found: Node | undefined;
  visit(item as Node, {
    Alias(_, node) {
      found = node;
      return visit.BREAK;
    },
  });
  return found;
}
