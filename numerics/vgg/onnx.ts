import { onnxModel } from '../onnx-model.js';
import { type GraphRequest, vggModel } from './graph.js';
import type { Device, VggSession } from './session.js';
import { outputName } from './statistics.js';

/**
 * Places of an image from which statistics are taken by fast convolutions. Their error in a single place, about 1e-5 of
 * the largest, averages out over large maps, and small images need no haste. Nor do maps of kernels, which are few.
 */
const MANY_PLACES = 2 ** 18;

/**
 * Opens the network in ONNX Runtime. On the CPU results do not depend on `threads`. Native code blocks its JavaScript
 * thread while a frame is computed, so sessions live on a worker (`session.ts`). Rejects where the runtime has no such
 * `device`; nodes that a device cannot compute run on the CPU.
 */
export async function openOnnx(request: GraphRequest, threads: number, device: Device = 'cpu'): Promise<VggSession> {
  const { default: ort } = await import('onnxruntime-node');
  const fast = device === 'cpu' && !request.maps && request.height * request.width >= MANY_PLACES;
  const model = onnxModel(vggModel(request, fast ? 'fast' : 'direct'));
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    logSeverityLevel: 3,
  });
  const { height, width } = request;
  return {
    async frame(pixels) {
      const outputs = await session.run({ frame: new ort.Tensor('uint8', pixels, [height, width, 3]) });
      const data = (name: string) => outputs[name]!.data;
      const asked = request.layers.filter((layer) => request.statisticsOf.has(layer.name));
      const kernels = asked.reduce((sum, layer) => sum + layer.kernels, 0);
      const statistics = new Float64Array(request.statistics.length * kernels);
      let at = 0;
      for (const statistic of request.statistics) {
        for (const layer of asked) {
          statistics.set(data(outputName(statistic, layer.name)) as Float64Array, at);
          at += layer.kernels;
        }
      }
      const maps = [...(request.maps?.keys() ?? [])].map((layer) => data(outputName('map', layer)) as Float32Array);
      return { statistics, maps };
    },
    close: () => session.release(),
  };
}
