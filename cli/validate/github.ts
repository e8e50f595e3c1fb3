import path from 'node:path';
import type { Finding } from './finding.js';
import { messageText } from './sarif.js';

const COMMANDS = { error: 'error', warning: 'warning', note: 'notice' } as const;

/** The findings as workflow commands of GitHub Actions, which shows them beside the lines they are about. */
export function githubLines(findings: readonly Finding[]): string[] {
  return findings.map((finding) => {
    const { level, rule, place } = finding;
    const at = place && path.isAbsolute(place.file) ? place : undefined;
    const properties: [string, string | number | undefined][] = [
      ['file', at && path.relative('', at.file).split(path.sep).join('/')],
      ['line', at?.line],
      ['col', at?.column],
      ['endColumn', at?.column === undefined ? undefined : at.column + (at.length ?? 1)],
      ['title', `voxreel ${rule}`],
    ];
    const written = properties.flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${escaped(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`],
    );
    return `::${COMMANDS[level]} ${written.join(',')}::${escaped(messageText(finding))}`;
  });
}

/** As the toolkit of GitHub Actions writes data: percent signs and line ends as `%25`, `%0D`, `%0A`. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
