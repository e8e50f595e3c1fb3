import { isDeepStrictEqual } from 'node:util';
import {
  CST,
  type Document,
  isMap,
  isScalar,
  Lexer,
  type Pair,
  parseDocument,
  type Tags,
  visit,
  YAMLMap,
  YAMLSeq,
} from 'yaml';
import { limitProperties } from './limits.js';

/** Characters: a list or map in brackets that is longer is written over several lines instead. */
const WIDTH = 110;

const TOP = [
  'voxreel',
  'name',
  'description',
  'license',
  'authors',
  'extends',
  'include',
  'params',
  'inputs',
  'steps',
  'outputs',
  'experiments',
];
const STEP = ['uses', 'foreach', 'in', 'with', ...Object.keys(limitProperties)];
const INPUT = ['type', 'path'];

/**
 * A workflow file in its canonical form: two spaces of indentation, the keys of the file, of its steps and inputs in the
 * order of the documentation; names, comments, quotes, numbers and empty lines as they were written. The data that the
 * text stands for stays the same; where the order of keys matters to an alias, they stay in theirs.
 * @param text YAML without syntax errors
 * @returns nothing if the result would say anything else than the text, or a comment would be lost
 */
export function formatText(text: string): string | undefined {
  const inOrder = written(text, true);
  const formatted = sameMeaning(text, inOrder) ? inOrder : written(text, false);
  const kept = sameMeaning(text, formatted) && isDeepStrictEqual(comments(text), comments(formatted));
  return kept ? formatted : undefined;
}

function written(text: string, reorder: boolean): string {
  const doc = parseDocument(text, { stringKeys: true, customTags: asWritten });
  if (reorder) orderKeys(doc);
  spaceBrackets(doc);
  const lines = doc.toString({ indent: 2, lineWidth: 0, indentSeq: true, verifyAliasOrder: false });
  return alignComments(`${lines.trimEnd()}\n`);
}

/** `[a, b]` and `{ a: b }`; what is too long for a line loses its brackets. */
function spaceBrackets(doc: Document): void {
  const write = { seq: YAMLSeq.prototype.toString, map: YAMLMap.prototype.toString };
  visit(doc, {
    Collection(_, node) {
      const kind = node instanceof YAMLSeq ? 'seq' : 'map';
      node.toString = (ctx, ...rest) => {
        const inside = ctx && { ...ctx, flowCollectionPadding: kind === 'seq' ? '' : ' ' };
        const text = write[kind].call(node as YAMLSeq & YAMLMap, inside, ...rest);
        if (!ctx || ctx.inFlow || !node.flow || ctx.indent.length + text.length <= WIDTH || text.includes('\n'))
          return text;
        node.flow = false;
        return write[kind].call(node as YAMLSeq & YAMLMap, inside, ...rest);
      };
    },
  });
}

/** Numbers, truth values and null keep their text: `0.00001` does not become `1e-5`. */
function asWritten(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag === 'string' || tag.collection || tag.tag === 'tag:yaml.org,2002:str' || !tag.stringify) return tag;
    const { stringify } = tag;
    return { ...tag, stringify: (item, ...rest) => item.source ?? stringify(item, ...rest) };
  });
}

function orderKeys(doc: Document): void {
  const top = doc.contents;
  if (!isMap(top)) return;
  const first = top.items[0]?.key;
  sort(top, TOP);
  const now = top.items[0]?.key;
  // What stands above everything is about the file (`# yaml-language-server: …`), not about its first key.
  if (now !== first && isScalar(now) && isScalar(first) && first.commentBefore) {
    now.commentBefore = [first.commentBefore, now.commentBefore].filter(Boolean).join('\n');
    delete first.commentBefore;
  }
  for (const [section, order] of [
    ['inputs', INPUT],
    ['steps', STEP],
  ] as const) {
    const entries = top.get(section, true);
    if (isMap(entries)) for (const { value } of entries.items) if (isMap(value)) sort(value, order);
  }
}

/** Known keys first, in their order; the others as they stand. */
function sort(map: YAMLMap, order: readonly string[]): void {
  const rank = ({ key }: Pair) => {
    const at = order.indexOf(isScalar(key) ? String(key.value) : '');
    return at < 0 ? order.length : at;
  };
  const before = map.items[0];
  map.items.sort((a, b) => rank(a) - rank(b));
  const now = map.items[0];
  if (now === before || !before) return;
  // An empty line separates from what comes before: the first key has none, the former first one gets it.
  if (isScalar(now?.key) && isScalar(before.key)) {
    before.key.spaceBefore ||= now.key.spaceBefore ?? false;
    now.key.spaceBefore = false;
  }
}

function sameMeaning(a: string, b: string): boolean {
  const [before, after] = [a, b].map((text) => parseDocument(text, { stringKeys: true }));
  if (after!.errors.length > 0) return false;
  try {
    return isDeepStrictEqual(before!.toJS({ maxAliasCount: -1 }), after!.toJS({ maxAliasCount: -1 }));
  } catch (error) {
    // An alias that now stands before its anchor.
    if (error instanceof ReferenceError) return false;
    throw error;
  }
}

/** Comments behind the values of lines that follow each other stand below each other. */
function alignComments(text: string): string {
  const starts = new Map(tokens(text).flatMap(({ line, column, isComment }) => (isComment ? [[line, column]] : [])));
  const lines = text.split('\n').map((line, index) => {
    const at = starts.get(index);
    const code = at === undefined ? '' : line.slice(0, at).trimEnd();
    return code === '' ? { code: line } : { code, comment: line.slice(at) };
  });
  for (let first = 0; first < lines.length; first++) {
    let end = first;
    while (lines[end]?.comment !== undefined && indentOf(lines[end]!.code) === indentOf(lines[first]!.code)) end++;
    const block = lines.slice(first, end);
    const column = Math.max(...block.map(({ code }) => code.length)) + 1;
    for (const line of block) line.code = line.code.padEnd(column);
    first = Math.max(first, end - 1);
  }
  return lines.map(({ code, comment = '' }) => code + comment).join('\n');
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** The texts of all comments, sorted: keys may have changed places. */
function comments(text: string): string[] {
  return tokens(text)
    .flatMap((token) => (token.isComment ? [token.source.trimEnd()] : []))
    .sort();
}

/** What a file consists of, with 0-based lines and columns. */
function tokens(text: string): { source: string; line: number; column: number; isComment: boolean }[] {
  const found: ReturnType<typeof tokens> = [];
  let [line, column, isContent] = [0, 0, false];
  for (const source of new Lexer().lex(text)) {
    if (source === CST.SCALAR || source === CST.DOCUMENT || source === CST.FLOW_END) {
      isContent = source === CST.SCALAR;
      continue;
    }
    // The content of a scalar may look like a comment.
    found.push({ source, line, column, isComment: !isContent && source.startsWith('#') });
    isContent = false;
    const breaks = source.split('\n');
    line += breaks.length - 1;
    column = breaks.length > 1 ? breaks.at(-1)!.length : column + source.length;
  }
  return found;
}
