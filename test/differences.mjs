// Runs tests and prints, for every comparison with a tolerance, the largest difference that was seen:
//   node test/differences.mjs [TEST FILE...]
// The figures in docs/validation.md come from here.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folder = mkdtempSync(path.join(tmpdir(), 'voxreel-differences-'));
const file = path.join(folder, 'noted.jsonl');
const root = path.join(import.meta.dirname, '..');
const { status } = spawnSync('npx', ['vitest', 'run', '--reporter=dot', ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, VOXREEL_DIFFERENCES: file },
  stdio: ['ignore', 'ignore', 'inherit'],
});
const largest = new Map();
for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
  const noted = JSON.parse(line);
  const place = `${path.relative(root, noted.file)}:${noted.line}`;
  const seen = largest.get(place) ?? { ...noted, place, count: 0 };
  largest.set(place, { ...seen, value: Math.max(seen.value, noted.value), count: seen.count + 1 });
}
rmSync(folder, { recursive: true });
const source = new Map();
for (const { place, tolerance, value, count, file } of [...largest.values()].sort((a, b) =>
  a.place < b.place ? -1 : 1,
)) {
  if (!source.has(file)) source.set(file, readFileSync(file, 'utf8').split('\n'));
  const text = source.get(file)[Number(place.split(':')[1]) - 1]?.trim().slice(0, 110);
  console.log(`${place}\t< ${tolerance}\tseen ${value.toExponential(1)}\tin ${count}\t${text}`);
}
process.exit(status ?? 1);
