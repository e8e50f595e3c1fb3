// Runs benchmarks from dist/bench, one after the other: node bench/run.mjs [NAME...]. All of them without a name.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const benches = [
  'engine',
  'experiments',
  'other-tools',
  'nifti',
  'glm',
  'group',
  'threshold',
  'permute',
  'growth',
  'decode',
  'extract',
  'calibration',
  'surrogates',
];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !benches.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are: ${benches.join(', ')}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : benches) {
  console.log(`\n# ${name}\n`);
  const file = fileURLToPath(new URL(`../dist/bench/${name}.js`, import.meta.url));
  const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
