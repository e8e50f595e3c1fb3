import { stat } from 'node:fs/promises';
import { UserError } from '../../artifacts/user-error.js';
import { fetchedFile, type KnownName, knownWeights } from '../../artifacts/weights/known.js';
import { vggTitle } from '../../numerics/vgg/layers.js';
import { exitCode } from '../exit-code.js';
import { complainOf } from '../failure.js';
import { interruptible } from '../interrupt.js';
import { complain, print } from '../streams.js';
import { bytes, columns } from '../terminal/text.js';
import { download, sha256Of } from '../weights/download.js';
import { inspectWeights } from '../weights/inspection.js';

/** Prints what a weight file is: origin, layers, shapes, digests. */
export async function inspectCommand(file: string, { json }: { json?: boolean }): Promise<number> {
  const found = await inspectWeights(file);
  if (json) {
    print(JSON.stringify(found));
    return exitCode.ok;
  }
  const kernels = found.layers.reduce((sum, layer) => sum + layer.kernels, 0);
  const ask = found.network === 'vgg16' ? '' : `; its input says \`network: ${found.network}\``;
  const facts = [
    ['origin', `${found.format}, ${found.names}${found.known ? ` (${found.known})` : ''}`],
    ['network', `${vggTitle(found.network as 'vgg16')}: ${found.layers.length} layers, ${kernels} kernels${ask}`],
    ['pre-processing', HOW[found.preprocessing]!],
    ['layout', LAYOUT[found.layout]!],
    ['file', `sha256 ${found.sha256}`],
    ['numbers', `sha256 ${found.digest} (the same for these kernels in any format)`],
  ];
  const rows = found.layers.map(({ layer, weight, shape, mean, sd }) => [
    layer,
    `[${shape.join(', ')}]`,
    mean.toFixed(4),
    sd.toFixed(4),
    weight,
  ]);
  print(
    found.file,
    ...columns(facts).map((line) => `  ${line}`),
    '',
    ...columns([['layer', 'shape', 'mean', 'sd', 'tensor'], ...rows], [2, 3]),
  );
  if (found.ignored.length > 0) {
    print('', `not used: ${found.ignored.slice(0, 6).join(', ')}${found.ignored.length > 6 ? ', …' : ''}`);
  }
  return exitCode.ok;
}

const HOW: Readonly<Record<string, string>> = {
  caffe: 'caffe: B, G, R minus (103.939, 116.779, 123.68), as this origin implies',
  torch: 'torch: (R, G, B / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225), as this origin implies',
};

const LAYOUT: Readonly<Record<string, string>> = {
  oihw: 'oihw: kernel, channel, y, x',
  hwio: 'hwio: y, x, channel, kernel',
};

/** Downloads known weights once for this user, verified before they are used. Goes on where an earlier try ended. */
export async function fetchCommand(name: KnownName, { from }: { from?: string }): Promise<number> {
  const known = knownWeights[name];
  const target = fetchedFile(name);
  const url = from === undefined ? known.url : mirrored(from, known.file);
  const { signal, end } = interruptible();
  try {
    if (await isThere(target, known, signal)) {
      print(`${name} is there and its SHA-256 is right: ${target}`, ...howToUse(name));
      return exitCode.ok;
    }
    print(`${name}: ${known.title}`, `from ${url} (${bytes(known.size)})`);
    const progress = progressLine(known.size);
    await download({ ...known, url, target, signal, ...progress });
    progress.end();
    print(`Verified and stored: ${target}`, ...howToUse(name));
    return exitCode.ok;
  } catch (error) {
    if (signal.aborted) return exitCode.interrupted;
    // The command line is right; the network was not.
    if (!(error instanceof UserError)) throw error;
    complainOf(error.problems);
    return exitCode.failed;
  } finally {
    end();
  }
}

function howToUse(name: KnownName): string[] {
  return ['', 'In a workflow:', `  weights: { type: weights, fetched: ${name} }`];
}

async function isThere(target: string, known: { size: number; sha256: string }, signal: AbortSignal): Promise<boolean> {
  const info = await stat(target).catch(() => undefined);
  if (!info) return false;
  if (info.size === known.size && (await sha256Of(target, signal)) === known.sha256) return true;
  complain(`${target} is not the file that it should be (${info.size} bytes); it is fetched again.`);
  return false;
}

/** The file below the address of a mirror. */
function mirrored(base: string, file: string): string {
  try {
    const url = new URL(file, base.endsWith('/') ? base : `${base}/`);
    if (/^https?:$/.test(url.protocol)) return url.href;
  } catch {
    // Said below.
  }
  throw new UserError({
    message: `--from ${base} is no address`,
    expected: 'the address of a folder that holds the file, such as https://mirror.example.org/weights/',
  });
}

/** On a terminal one line that changes; elsewhere a line at every tenth. */
function progressLine(size: number) {
  const live = process.stderr.isTTY === true;
  let shown = -1;
  const show = (done: number) => {
    const percent = Math.floor((done / size) * (live ? 1000 : 10));
    if (percent === shown) return;
    shown = percent;
    const text = `${bytes(done)} of ${bytes(size)} (${Math.floor((done / size) * 100)} %)`;
    process.stderr.write(live ? `\r\x1b[K${text}` : `${text}\n`);
  };
  return {
    onProgress: show,
    onRetry: (message: string) => {
      if (live) process.stderr.write('\n');
      complain(`${message}; trying again from where it broke`);
    },
    end: () => {
      if (live) process.stderr.write('\n');
    },
  };
}
