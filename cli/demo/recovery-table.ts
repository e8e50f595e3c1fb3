import type { ReportTable } from '../../report/tables-section.js';
import { columns } from '../terminal/text.js';
import type { Recovery } from './recovery.js';

/** What of the analysis the numbers depend on. */
export interface Analysis {
  /** Height threshold. */
  readonly p: number;
  /** Smallest cluster, voxels. */
  readonly extent: number;
  /** Distance from a planted region, mm, up to which a voxel counts neither way. */
  readonly margin: number;
}

const header = ['region', 'kernel', 'voxels', 'found', 'hit rate', 'false positives'];

/** The table at the end of the demo: planted against recovered, and what the numbers mean. */
export function recoveryTable(recovery: Recovery, analysis: Analysis): string[] {
  const lines = columns([header, ...rowsOf(recovery)], [2, 3, 4, 5]);
  return ['Planted against recovered', '', ...lines, '', ...meaning(recovery, analysis)];
}

/** The same for the report. */
export function recoveryForReport(recovery: Recovery, analysis: Analysis): ReportTable {
  return {
    title: 'Planted against recovered',
    columns: header,
    rows: rowsOf(recovery),
    notes: paragraphs(meaning(recovery, analysis)),
  };
}

/** Lines broken for a terminal, joined again; an empty line ends a paragraph. */
function paragraphs(lines: readonly string[]): string[] {
  return lines.join(' ').split('  ');
}

function rowsOf(recovery: Recovery): string[][] {
  return recovery.regions.map(({ regionName, kernel, voxels, hits, elsewhere, falseHits }) => [
    regionName,
    kernel,
    String(voxels),
    String(hits),
    percent(hits / voxels, 1),
    percent(falseHits / elsewhere, 2),
  ]);
}

function meaning(recovery: Recovery, { p, extent, margin }: Analysis): string[] {
  return [
    `All ${recovery.kernels} kernels, ${recovery.elsewhere} voxels away from the planted regions: ${percent(recovery.nullRate, 3)} passed the threshold;`,
    `p < ${p} lets ${percent(p, 3)} pass by chance${extent > 1 ? `, before clusters of fewer than ${extent} voxels are left out` : ''}.`,
    '',
    'Hit rate: share of the region that the planted kernel’s group map shows. False positives: share of the voxels more',
    `than ${margin} mm from every planted region that it shows. Kernels that resemble a planted one rightly show its region`,
    'too, so the voxels of planted regions are not counted against them.',
  ];
}

function percent(share: number, digits: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : 'n/a';
}
