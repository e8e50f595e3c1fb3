import { html, type Markup } from './html.js';
import type { ResultFile } from './results-folder.js';

/** Files of one output that are listed; a fan-out over many subjects has more, of the same kinds. */
const LISTED = 200;

/** Every output with its files: what each is, its unit, its size. */
export function filesSection(files: readonly ResultFile[]): Markup | undefined {
  if (files.length === 0) return undefined;
  const outputs = new Map<string, ResultFile[]>();
  for (const file of files) outputs.set(file.output, [...(outputs.get(file.output) ?? []), file]);
  const parts = [...outputs].map(([output, own]) => {
    const more = own.length > LISTED ? html`<p class="soft">and ${own.length - LISTED} more</p>` : undefined;
    return html`<details><summary><code>${output}</code> <span class="soft">${own.length} ${own.length === 1 ? 'file' : 'files'}</span></summary>
<div class="scroll"><table><thead><tr><th>File</th><th>What it is</th><th>Unit</th><th class="n">Size</th></tr></thead>
<tbody>${own.slice(0, LISTED).map(fileRow)}</tbody></table></div>${more}</details>`;
  });
  return html`<section id="files"><h2>Files</h2><p class="soft small">Each has a JSON sidecar beside it with the parameters and the key that made it.</p>${parts}</section>`;
}

function fileRow(file: ResultFile): Markup {
  const name = file.path.slice(file.output.length + 1);
  return html`<tr><td><a href="${encodeURI(file.path)}">${name}</a></td><td>${file.description ?? ''}</td><td>${file.units ?? ''}</td><td class="n">${size(file.bytes)}</td></tr>`;
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
