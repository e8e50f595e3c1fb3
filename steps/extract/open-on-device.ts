import { UserError } from '../../artifacts/user-error.js';
import { type Network, openNetwork } from '../../numerics/vgg/network.js';
import type { OpenRequest } from '../../numerics/vgg/session.js';

/**
 * Opens the network. Throws UserError where ONNX Runtime does not have the device that the user asks for: whether it
 * does is known only by trying, since its driver and libraries are the user's.
 */
export async function openOnDevice(request: OpenRequest, signal: AbortSignal): Promise<Network> {
  const { device = 'cpu' } = request;
  if (device === 'cpu') return openNetwork(request, signal);
  const { default: ort } = await import('onnxruntime-node');
  const built = ort.listSupportedBackends().map(({ name }) => name);
  const elsewhere = `\`device: cpu\`, or one of ${built.join(', ')} with its driver and libraries installed`;
  if (!built.includes(device)) {
    throw new UserError({
      message: `ONNX Runtime on ${process.platform} (${process.arch}) has no device ${device}`,
      keys: ['device'],
      expected: elsewhere,
    });
  }
  try {
    return await openNetwork(request, signal);
  } catch (error) {
    signal.throwIfAborted();
    const reason = (error as Error).message.split('\n')[0]!.replace(/^\/\S+ .*?\)> ?(\(.*?\) ?)?/, '');
    throw new UserError(
      {
        message: `device ${device} does not start: ${reason}`,
        keys: ['device'],
        expected: elsewhere,
        hint:
          device === 'cuda' || device === 'tensorrt'
            ? 'The CUDA libraries of onnxruntime-node are not installed by default: its own install script fetches them.'
            : 'See the documentation of onnxruntime-node for what this device needs.',
      },
      { cause: error },
    );
  }
}
