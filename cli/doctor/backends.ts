import { packageVersion } from '../../engine/version.js';
import type { Backend } from '../../numerics/vgg/session.js';
import { syntheticVgg } from '../../numerics/vgg/synthetic.js';
import { openOnDevice } from '../../steps/extract/open-on-device.js';
import { type Finding, finding } from './finding.js';

const SIZE = 16;
/** Single precision in another order of summation; a backend that computes something else is further off. */
const TOLERANCE = 1e-4;

/**
 * Runs two layers of a small network with random weights on each backend and compares what they give. Each is opened on
 * a worker thread, as `extract` does, so this also shows that threads start.
 */
export async function checkBackends(): Promise<Finding[]> {
  const answers: number[][] = [];
  const onnx = await finding('onnxruntime', async () => {
    answers.push(await compute('onnx'));
    const { default: ort } = await import('onnxruntime-node');
    const devices = ort.listSupportedBackends().map(({ name }) => name);
    const version = packageVersion('onnxruntime-node') ?? 'unknown';
    return { state: 'ok', found: `${version} computes; built for ${devices.join(', ')}`, facts: { version, devices } };
  });
  const tfjs = await finding('tensorflow.js', async () => {
    answers.push(await compute('tfjs'));
    const node = packageVersion('@tensorflow/tfjs-node');
    const version = node ?? packageVersion('@tensorflow/tfjs-core') ?? 'unknown';
    const backend = node === undefined ? 'wasm' : 'tfjs-node';
    const facts = { version, backend };
    const [first, second] = answers;
    const difference = second ? largestDifference(first!, second) : 0;
    if (difference > TOLERANCE) {
      const found = `${version} (${backend}) gives other numbers than ONNX Runtime: they differ by ${difference.toExponential(1)} of their size`;
      return { state: 'problem', found, hint: REINSTALL, facts: { ...facts, difference } };
    }
    const agrees = second ? `, as ONNX Runtime to ${difference.toExponential(0)}` : '';
    const text = `${version} (${backend}) computes${agrees}`;
    return { state: 'ok', found: text, facts: { ...facts, ...(second ? { difference } : {}) } };
  });
  return [withHint(onnx), withHint(tfjs)];
}

const REINSTALL =
  'Install voxreel again on this machine (npm ci): its native parts are those of another system, or damaged.';

function withHint(one: Finding): Finding {
  return one.state === 'problem' && one.hint === undefined ? { ...one, hint: REINSTALL } : one;
}

async function compute(backend: Backend): Promise<number[]> {
  const layers = syntheticVgg(1, 2).slice(0, 2);
  const names = layers.map(({ name }) => name);
  const graph = {
    layers,
    height: SIZE,
    width: SIZE,
    preprocessing: 'torch' as const,
    activation: 'relu' as const,
    statistics: ['mean' as const],
    statisticsOf: new Set(names),
  };
  const network = await openOnDevice({ backend, threads: 1, graph }, new AbortController().signal);
  try {
    const pixels = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => (i * 37) % 256);
    return [...(await network.frame(pixels)).statistics];
  } finally {
    await network.close();
  }
}

/** Relative to the largest value. */
function largestDifference(a: readonly number[], b: readonly number[]): number {
  const scale = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / scale;
}
