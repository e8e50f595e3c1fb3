import { isMap, isNode, isScalar, type Node, stringify } from 'yaml';
import { formatText } from '../../engine/spec/format.js';
import type { Found } from './found.js';
import type { Slot, Template } from './template.js';

/** A stretch of the text and what stands there instead. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * The text of a template with the user's files in it. All else stays as it is, comments too: what was found is told above
 * each input, and where nothing was named that it has to be.
 * @param found by the name of the input
 */
export function fillTemplate(template: Template, found: ReadonlyMap<string, Found>): string {
  const edits = [
    ...template.slots.flatMap((slot) => entryEdits(template, slot, found.get(slot.name))),
    ...Object.entries(paramsOf(template, found)).flatMap(([name, value]) => paramEdit(template, name, value)),
  ].sort((a, b) => b.from - a.from);
  let { text } = template;
  for (const edit of edits) text = text.slice(0, edit.from) + edit.text + text.slice(edit.to);
  text = withoutDone(
    text,
    template.slots.filter(({ name }) => found.has(name)),
  );
  return formatText(text) ?? text;
}

function entryEdits({ text, document }: Template, slot: Slot, found: Found | undefined): Edit[] {
  const node = document.getIn(['inputs', slot.name], true) as Node;
  const lineStart = text.lastIndexOf('\n', node.range![0]) + 1;
  const indent = /^ */.exec(text.slice(lineStart))![0];
  const words = found?.words ?? [`TO DO: ${slot.kind.what} (or voxreel init --${slot.kind.flag} …)`];
  const comment = words.map((line) => `${indent}# ${line}\n`).join('');
  return [
    { from: lineStart, to: lineStart, text: comment },
    ...(found ? [{ from: node.range![0], to: node.range![1], text: inFlow(found.entry) }] : []),
  ];
}

function paramEdit({ document }: Template, name: string, value: unknown): Edit[] {
  const node = document.getIn(['params', name], true);
  if (!isNode(node) || !node.range) return [];
  return [{ from: node.range[0], to: node.range[1], text: inFlow(value) }];
}

/** Parameters of the study that what was found decides, of those that the template has. */
function paramsOf({ document }: Template, found: ReadonlyMap<string, Found>): Record<string, unknown> {
  const told = Object.assign({}, ...[...found.values()].map(({ params }) => params)) as Record<string, unknown>;
  const { volumes, ...params } = told;
  const own = document.get('params');
  const names = isMap(own) ? own.items.map(({ key }) => (isScalar(key) ? key.value : key)) : [];
  if (typeof volumes !== 'number' || !names.includes('samples')) return params;
  const drop = (params.drop ?? document.getIn(['params', 'drop'])) as number;
  return { ...params, samples: Math.max(1, volumes - drop) };
}

/** A value in the brackets of YAML, on one line. */
function inFlow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
}

/** The list of what is to be put in place, without what is in place; without a line it goes as a whole. */
function withoutDone(text: string, done: readonly Slot[]): string {
  const paths = done.map(({ usual }) => usual.path);
  const kept = text.split('\n').filter((line) => !paths.includes(/^# {3}([^\s,]+)/.exec(line)?.[1]));
  return kept.join('\n').replace(/^#\n# Before the first run put in place.*\n(?!# {3})/m, '');
}
