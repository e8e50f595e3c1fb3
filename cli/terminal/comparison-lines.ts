import type { RowDifference, RowOverlap, SetComparison } from '../../compare/compare-sets.js';
import type { Comparison, ResultComparison } from '../../compare/comparison.js';
import { short } from '../../proof/judge.js';
import { columns, count } from './text.js';

/** Sets of no more maps than this are listed map by map. */
const MOST = 12;

/** A comparison of experiments as tables. */
export function comparisonLines({ experiments, parameters, results, missing }: Comparison): string[] {
  const lines: string[] = [];
  if (parameters.length === 0) lines.push('All parameters are the same.');
  else {
    const rows = parameters.map(({ name, unit, values }) => [
      unit === undefined ? name : `${name} [${unit}]`,
      ...values.map((value) => (typeof value === 'string' ? value : value === null ? 'none' : JSON.stringify(value))),
    ]);
    lines.push(...columns([['parameter', ...experiments], ...rows]));
  }
  for (const b of experiments.slice(1)) {
    const own = results.filter((result) => result.b === b);
    lines.push('', `${experiments[0]} and ${b}`);
    const values = own.flatMap((one) => one.sets.flatMap((set) => (set.kind === 'values' ? valueRows(one, set) : [])));
    const passed = own.flatMap((one) => one.sets.flatMap((set) => (set.kind === 'passed' ? passedRows(one, set) : [])));
    const right = [1, 2, 3, 4, 5];
    if (values.length > 0) lines.push('', ...columns([VALUE_HEAD, ...values], right));
    if (passed.length > 0) lines.push('', ...columns([PASSED_HEAD, ...passed], [...right, 6, 7, 8]));
    lines.push(...notes(own));
  }
  for (const { result, experiments: names } of missing) lines.push(`not there: ${result} of ${names.join(', ')}`);
  return lines;
}

const VALUE_HEAD = ['values', 'maps', 'r', 'lowest r', 'mean |b-a|', 'max |b-a|', 'where'];

function valueRows({ result }: ResultComparison, set: SetComparison & { kind: 'values' }): string[][] {
  const { maps, statistic } = set;
  if (maps.length === 0) return [];
  const defined = maps.filter(({ correlation }) => !Number.isNaN(correlation));
  const lowest = defined.reduce<RowDifference | undefined>(
    (least, map) => (least && least.correlation <= map.correlation ? least : map),
    undefined,
  );
  const largest = maps.reduce((most, map) => (map.maxAbsolute > most.maxAbsolute ? map : most));
  const head = [
    nameOf(result, statistic),
    String(maps.length),
    number(median(defined.map(({ correlation }) => correlation))),
    number(lowest?.correlation ?? Number.NaN),
    number(maps.reduce((sum, { meanAbsolute }) => sum + meanAbsolute, 0) / maps.length),
    number(largest.maxAbsolute),
    whereOf(largest),
  ];
  if (maps.length > MOST || maps.length === 1) return [head];
  const each = maps.map((map) => [
    `  ${map.name}`,
    '',
    number(map.correlation),
    '',
    number(map.meanAbsolute),
    number(map.maxAbsolute),
    '',
  ]);
  return [head, ...each];
}

const PASSED_HEAD = ['thresholded', 'maps', 'Dice', 'voxels a', 'voxels b', 'both', 'clusters a', 'clusters b', 'met'];

function passedRows({ result }: ResultComparison, set: SetComparison & { kind: 'passed' }): string[][] {
  const { maps, statistic } = set;
  if (maps.length === 0) return [];
  const total = (key: Exclude<keyof RowOverlap, 'name' | 'dice'>) => maps.reduce((sum, map) => sum + map[key], 0);
  const cells = (name: string, maps: string, of: (key: Exclude<keyof RowOverlap, 'name' | 'dice'>) => number) => [
    name,
    maps,
    number((2 * of('voxelsBoth')) / (of('voxelsA') + of('voxelsB'))),
    ...[of('voxelsA'), of('voxelsB'), of('voxelsBoth'), of('clustersA'), of('clustersB')].map(String),
    `${of('metA')} + ${of('metB')}`,
  ];
  const head = cells(nameOf(result, statistic), String(maps.length), total);
  if (maps.length > MOST || maps.length === 1) return [head];
  return [head, ...maps.map((map) => cells(`  ${map.name}`, '', (key) => map[key]))];
}

function notes(results: readonly ResultComparison[]): string[] {
  const identical = results.filter((one) => one.identical).map(({ result }) => result);
  const lines: string[] = [];
  if (identical.length > 0) lines.push(`identical: ${identical.join(', ')}`);
  for (const { result, sets } of results) {
    for (const { statistic, onlyA, onlyB, voxels, missing } of sets) {
      if (onlyA + onlyB > 0)
        lines.push(
          `${nameOf(result, statistic)}: ${count(voxels, 'voxel')} in both masks, ${onlyA} only in a, ${onlyB} only in b`,
        );
      if (missing.length > 0)
        lines.push(`${nameOf(result, statistic)}: ${count(missing.length, 'map')} only in one of them`);
    }
  }
  return lines.length > 0 ? ['', ...lines] : [];
}

/** What a line is about: `group t`. */
function nameOf(result: string, statistic: string): string {
  return result === statistic ? result : `${result} ${statistic}`;
}

function whereOf({ name, maxMm }: RowDifference): string {
  const at = maxMm?.map((mm) => Math.round(mm * 10) / 10 + 0).join(', ');
  return at === undefined ? name : `${name} at (${at}) mm`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

function number(value: number): string {
  return Number.isNaN(value) ? 'none' : short(value);
}
