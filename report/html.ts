/** Markup that is finished: `html` puts it in as it is, and escapes everything else. */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | undefined | false | readonly (Markup | string | undefined | false)[];

/** A template whose values are escaped, unless they are markup themselves; lists are joined, undefined and false are empty. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return { markup: strings.reduce((text, string, i) => text + render(values[i - 1]) + string) };
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  if (isMarkup(part)) return part.markup;
  return part.map(render).join('');
}

function isMarkup(part: object): part is Markup {
  return 'markup' in part;
}

export function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => names[character]!);
}

/** Markup that was made elsewhere, such as a style sheet of our own. Never for text from a file. */
export function raw(markup: string): Markup {
  return { markup };
}
