import { Document, isMap, stringify } from 'yaml';
import type { JsonSchema } from '../artifacts/artifact.js';
import { describeSchema } from '../engine/spec/describe-schema.js';
import { formatText } from '../engine/spec/format.js';
import type { InputPort, StepType } from '../engine/step-type.js';

/** The documentation of a step type as Markdown, made from its declaration alone. */
export function stepPage(step: StepType): string {
  const parts = [
    `# ${step.name}`,
    '',
    `**${step.title}**`,
    '',
    step.description.trim(),
    '',
    ...example(step),
    '## Inputs (`in`)',
    '',
    ...inputs(step),
    '',
    '## Outputs',
    '',
    ...outputs(step),
    '',
    '## Parameters (`with`)',
    '',
    ...params(step),
    '',
    ...sources(step),
    `Version ${step.version}: part of what identifies a result.`,
    '',
  ];
  return parts.join('\n');
}

/** A whole step in YAML, as `voxreel fmt` leaves it. */
function example({ name: uses, example: given }: StepType): string[] {
  if (!given) return [];
  const { name, ...rest } = given;
  const document = new Document({ [name]: { uses, ...rest } });
  for (const key of ['in', 'with']) {
    const map = document.getIn([name, key]);
    if (isMap(map)) map.flow = true;
  }
  const text = document.toString({ lineWidth: 0 });
  return ['## Example', '', '```yaml', (formatText(text) ?? text).trimEnd(), '```', ''];
}

/** The list of all pages, for who looks at the folder. */
export function stepIndex(steps: readonly StepType[]): string {
  return [
    '# The steps',
    '',
    'What a workflow may use, in the order of the method. `voxreel steps NAME` prints a page.',
    '',
    ...table(
      ['step', 'what it does'],
      steps.map(({ name, title }) => [`[${name}](${name}.md)`, title]),
    ),
    '',
  ].join('\n');
}

function inputs(step: StepType): string[] {
  const entries = Object.entries(step.inputs);
  if (entries.length === 0) {
    return [step.dynamicPorts ? 'The ports are written in the workflow file; see the parameters.' : 'None.'];
  }
  return table(
    ['port', 'type', 'what'],
    entries.map(([name, port]) => [`\`${name}\``, portType(port), port.description]),
  );
}

function portType(port: InputPort): string {
  const types = (typeof port.type === 'string' ? [port.type] : port.type).map((type) => `\`${type}\``).join(' or ');
  return `${types}${port.list ? ', a list' : ''}${port.optional ? ', optional' : ''}`;
}

function outputs(step: StepType): string[] {
  const entries = Object.entries(step.outputs);
  if (entries.length === 0) return [step.dynamicPorts ? 'As written in the workflow file.' : 'None.'];
  const rows = entries.map(([name, port], i) => [
    `\`${name}\``,
    `\`${port.type}\``,
    i === 0 && entries.length > 1 ? `${port.description} A bare \`steps.<name>\` means this one.` : port.description,
  ]);
  return table(['port', 'type', 'what'], rows);
}

function params(step: StepType): string[] {
  const entries = Object.entries(step.params.properties);
  if (entries.length === 0) return ['None.'];
  const required = new Set(step.params.required ?? []);
  return table(
    ['name', 'value', 'default', 'what'],
    entries.map(([name, schema]) => [
      `\`${name}\``,
      describeSchema(schema),
      required.has(name) ? 'must be given' : preset(schema),
      typeof schema.description === 'string' ? `${schema.description}${forExample(schema)}` : '',
    ]),
  );
}

function preset(schema: JsonSchema): string {
  if (!('default' in schema)) return '';
  const value = schema.default;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function forExample({ examples }: JsonSchema): string {
  if (!Array.isArray(examples)) return '';
  const [first] = examples;
  return ` For example \`${stringify(first, { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 }).trim()}\`.`;
}

function sources(step: StepType): string[] {
  if (!step.sources || step.sources.length === 0) return [];
  return ['## Sources', '', ...step.sources.map((source) => `- ${source}`), ''];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

function cell(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|');
}
