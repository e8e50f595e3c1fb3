import { few, reasonTexts } from '../engine/reason-text.js';
import { html, type Markup } from './html.js';
import type { InstanceStory, Outcome, RunStory } from './run-story.js';

/** What ran and what was cached, step by step; failures first, in full. */
export function stepsSection({ steps }: RunStory): Markup {
  const all = [...steps.values()].flat();
  const failed = all.filter((story) => story.outcome === 'failed');
  const rows = [...steps].map(([name, stories]) => stepRow(name, stories));
  return html`<section id="steps"><h2>What ran</h2>
${failed.map((story) => html`<p class="failed">${story.id} failed</p><pre>${story.problem ?? ''}</pre>`)}
<div class="scroll"><table><thead><tr><th>Step</th><th class="n">Instances</th><th>Outcome</th><th class="n">Seconds</th><th>Why it ran</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="soft small">Seconds: sum over the instances that ran; they may have run side by side.</p></section>`;
}

/** Notes of all steps, equal ones once; cached results keep theirs. */
export function notesSection({ steps }: RunStory): Markup | undefined {
  const byText = new Map<string, string[]>();
  for (const story of [...steps.values()].flat()) {
    for (const note of story.notes) byText.set(note, [...(byText.get(note) ?? []), story.id]);
  }
  if (byText.size === 0) return undefined;
  const items = [...byText].map(([text, ids]) => html`<li><strong>${few(ids)}</strong>: ${text}</li>`);
  return html`<section id="notes"><h2>Notes</h2><ul>${items}</ul></section>`;
}

function stepRow(name: string, stories: readonly InstanceStory[]): Markup {
  const count = (outcome: Outcome) => stories.filter((story) => story.outcome === outcome).length;
  const outcomes = (['ran', 'cached', 'failed', 'not run'] as const).filter((outcome) => count(outcome) > 0);
  const text = outcomes.map((o) => (stories.length === 1 ? o : `${count(o)} ${o}`)).join(', ');
  const seconds = stories.reduce((sum, story) => sum + (story.seconds ?? 0), 0);
  const reasons = [...new Set(stories.flatMap((story) => reasonTexts(story.reasons)))];
  const waits = [...new Set(stories.flatMap((s) => (s.outcome === 'not run' && s.problem ? [s.problem] : [])))];
  return html`<tr><td><code>${name}</code></td><td class="n">${stories.length}</td>
<td class="${count('failed') ? 'failed' : ''}">${text}</td><td class="n">${count('ran') ? seconds.toFixed(1) : '–'}</td>
<td>${[few(reasons), ...waits].filter(Boolean).join('; ')}</td></tr>`;
}
