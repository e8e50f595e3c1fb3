import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunEvent } from '../engine/events.js';
import { voxreelVersion } from '../engine/version.js';
import type { Workflow } from '../engine/workflow.js';
import { filesSection } from './files-section.js';
import { html, type Markup, raw } from './html.js';
import { methodsSection } from './methods-section.js';
import { type ResultFile, readResultsFolder } from './results-folder.js';
import { type RunStory, runStory } from './run-story.js';
import { notesSection, stepsSection } from './steps-section.js';
import { style } from './style.js';
import { type ReportTable, tablesSection } from './tables-section.js';

export interface ReportOptions {
  readonly workflow: Pick<Workflow, 'name' | 'experiment' | 'file' | 'params'> & {
    readonly steps: readonly {
      readonly name: string;
      readonly type: { readonly name: string; readonly title: string };
      readonly params: Workflow['params'];
    }[];
  };
  /** Everything that happened in the run that ended now, in order (`progress` may be left out). */
  readonly events: readonly RunEvent[];
  /** Shown before the tables of the results: planted against recovered, for the demo. */
  readonly tables?: readonly ReportTable[];
}

/**
 * Writes `report.html` into the results folder of a workflow and experiment (`RunResult.resultsDir`), and returns its
 * path. One file that needs nothing else: figures are inside as data URIs, no scripts, nothing from the network. Links
 * lead to the published files beside it. What descends from synthetic weights is announced at the top.
 */
export async function writeReport(resultsDir: string, options: ReportOptions): Promise<string> {
  const files = await readResultsFolder(resultsDir);
  const story = runStory(options.events);
  const { workflow } = options;
  const sections: readonly (readonly [id: string, title: string, content: Markup | undefined])[] = [
    ['figures', 'Figures', await figuresSection(resultsDir, files)],
    ['tables', 'Tables', await tablesSection(resultsDir, files, options.tables ?? [])],
    ['methods', 'Methods', await methodsSection(resultsDir)],
    ['notes', 'Notes', notesSection(story)],
    ['steps', 'What ran', story.steps.size ? stepsSection(story) : undefined],
    ['parameters', 'Parameters', parametersSection(options)],
    ['files', 'Files', filesSection(files)],
  ];
  const there = sections.filter(([, , content]) => content);
  const title = `${workflow.name} (${workflow.experiment})`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${raw(style)}</style></head><body><main>
<h1>${workflow.name}</h1><p class="soft">experiment ${workflow.experiment}, made by voxreel ${voxreelVersion()}${when(story)} from <code>${path.basename(workflow.file)}</code></p>
${outcome(story)}
${files.some((file) => file.untrained) && html`<div class="banner">Untrained network: results here descend from synthetic weights. They show that the analysis runs; they say nothing about the brain.</div>`}
<nav>${there.map(([id, name]) => html`<a href="#${id}">${name}</a> `)}</nav>
${there.map(([, , content]) => content)}
</main></body></html>
`;
  return writeWhole(path.join(resultsDir, 'report.html'), page.markup);
}

async function figuresSection(root: string, files: readonly ResultFile[]): Promise<Markup | undefined> {
  const figures = files.filter((file) => file.path.endsWith('.png') && file.type === 'figures');
  if (figures.length === 0) return undefined;
  const parts = figures.map(async (file) => {
    const caption = file.description ?? file.path;
    const vector = files.find((other) => other.path === file.path.replace(/\.png$/, '.svg'));
    // Most figures are much smaller as SVG, and sharp at any size.
    const [shown, kind] = vector && vector.bytes < file.bytes ? [vector, 'svg+xml'] : [file, 'png'];
    const source = `data:image/${kind};base64,${(await readFile(path.join(root, shown.path))).toString('base64')}`;
    const width = vector && widthOf(await readFile(path.join(root, vector.path), 'utf8'));
    return html`<figure><img src="${source}" alt="${caption}"${width !== undefined && html` style="max-width:${width}px"`}><figcaption>${caption} <a href="${file.path}">PNG</a>${vector && html` <a href="${vector.path}">SVG</a>`}</figcaption></figure>`;
  });
  return html`<section id="figures"><h2>Figures</h2>${await Promise.all(parts)}</section>`;
}

/** Width on the screen, px, so that the text of all figures has one size: from the size in print that an SVG states. */
function widthOf(svg: string): number | undefined {
  const points = /<svg[^>]* width="([\d.]+)pt"/.exec(svg)?.[1];
  return points === undefined ? undefined : Math.round(1.9 * Number(points));
}

function parametersSection({ workflow }: ReportOptions): Markup {
  const json = (value: unknown) => JSON.stringify(value, null, 2);
  const params = Object.entries(workflow.params);
  const own = params.map(
    ([name, value]) => html`<tr><td><code>${name}</code></td><td><code>${JSON.stringify(value)}</code></td></tr>`,
  );
  const steps = workflow.steps.map(
    (step) =>
      html`<details><summary><code>${step.name}</code> <span class="soft">${step.type.name}: ${step.type.title}</span></summary><pre>${json(step.params)}</pre></details>`,
  );
  return html`<section id="parameters"><h2>Parameters</h2>
${own.length > 0 && html`<div class="scroll"><table><thead><tr><th>Parameter</th><th>Value</th></tr></thead><tbody>${own}</tbody></table></div>`}
<h3>Steps, with all defaults</h3>${steps}</section>`;
}

function outcome({ ended }: RunStory): Markup {
  if (!ended) return html`<p class="soft">The run that wrote this page told nothing of its end.</p>`;
  const counts = [
    `${ended.ran} ran`,
    `${ended.cached} cached`,
    ...(ended.failed ? [`${ended.failed} failed`] : []),
    ...(ended.skipped ? [`${ended.skipped} not run`] : []),
  ].join(', ');
  const word = ended.interrupted ? 'Interrupted' : ended.ok ? 'Complete' : 'Failed';
  const rest = ended.ok ? '' : ' What is shown below may come from an earlier run.';
  return html`<p><span class="${ended.ok ? 'ok' : 'failed'}">${word}</span>: ${counts}, ${ended.seconds.toFixed(1)} s.${rest}</p>`;
}

function when({ began }: RunStory): string {
  return began === undefined ? '' : ` on ${new Date(began).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A reader never sees half a page. */
async function writeWhole(file: string, text: string): Promise<string> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  return file;
}
