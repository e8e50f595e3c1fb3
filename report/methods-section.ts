import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { html, type Markup } from './html.js';

/** `methods.md` of a results folder, where there is one: the headings, paragraphs, lists and words that voxreel writes there. */
export async function methodsSection(root: string): Promise<Markup | undefined> {
  const text = await readFile(path.join(root, 'methods.md'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const [, ...blocks] = text.trim().split('\n\n');
  return html`<section id="methods"><h2>Methods</h2>
<p class="soft">The same as <a href="methods.md">methods.md</a>; references for BibTeX: <a href="references.bib">references.bib</a>. What it was made of and by what: <a href="ro-crate-metadata.json">ro-crate-metadata.json</a>.</p>
${blocks.map(block)}</section>`;
}

function block(text: string): Markup {
  if (text.startsWith('## ')) return html`<h3>${text.slice(3)}</h3>`;
  if (!text.startsWith('- ')) return html`<p>${inline(text)}</p>`;
  return html`<ul>${text.split('\n').map((line) => html`<li>${inline(line.slice(2))}</li>`)}</ul>`;
}

const WORDS = /(`[^`]+`|\*[^*]+\*|https:\/\/[^\s)]+[^\s).,;])/;

function inline(text: string): Markup[] {
  return text.split(WORDS).map((part, index) => {
    if (index % 2 === 0) return html`${part}`;
    if (part.startsWith('`')) return html`<code>${part.slice(1, -1)}</code>`;
    if (part.startsWith('*')) return html`<em>${part.slice(1, -1)}</em>`;
    return html`<a href="${part}">${part}</a>`;
  });
}
