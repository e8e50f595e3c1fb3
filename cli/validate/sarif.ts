import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Log, Result } from 'sarif';
import { voxreelVersion } from '../../engine/version.js';
import { type Finding, rules } from './finding.js';

/** The findings as SARIF 2.1.0 (OASIS), which code scanning of GitHub, GitLab and editors read. Paths are relative to the current folder. */
export function sarif(findings: readonly Finding[]): string {
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'voxreel',
            version: voxreelVersion(),
            rules: Object.entries(rules).map(([id, text]) => ({ id, shortDescription: { text } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map(toResult),
      },
    ],
  };
  return JSON.stringify(log, null, 2);
}

function toResult(finding: Finding): Result {
  const { rule, level, place } = finding;
  const result = { ruleId: rule, level, message: { text: messageText(finding) } };
  if (!place || !path.isAbsolute(place.file)) return result;
  const { line, column, length } = place;
  const region =
    line === undefined
      ? {}
      : {
          region: {
            startLine: line,
            ...(column === undefined ? {} : { startColumn: column, endColumn: column + (length ?? 1) }),
          },
        };
  return {
    ...result,
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(place.file) }, ...region } }],
  };
}

/** Message, what was expected and what to do as one text. */
export function messageText({ message, expected, hint, place }: Finding): string {
  const where = place && !path.isAbsolute(place.file) ? `${place.file}: ` : '';
  return [`${where}${message}`, expected && `Expected: ${expected}`, hint].filter(Boolean).join('\n');
}

function uriOf(file: string): string {
  const below = path.relative('', file);
  if (below.startsWith('..') || path.isAbsolute(below)) return pathToFileURL(file).href;
  return below.split(path.sep).map(encodeURIComponent).join('/');
}
