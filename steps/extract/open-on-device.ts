import { UserError } from '../../artifacts/user-error.js';
import { type Network, openNetwork } from '../../numerics/vgg/network.js';
import { type OpenRequest, TFJS_NODE_FAULT } from '../../numerics/vgg/session.js';

/**
 * Opens the network. Throws UserError where ONNX Runtime does not have the device that the user asks for, or the user's
 * tfjs-node does not start: known only by trying, since drivers and libraries are the user's.
 */
export async function openOnDevice(request: OpenRequest, signal: AbortSignal): Promise<Network> {
  const { device = 'cpu' } = request;
  if (request.backend === 'tfjs') return openTfjs(request, signal);
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

async function openTfjs(request: OpenRequest, signal: AbortSignal): Promise<Network> {
  try {
    return await openNetwork(request, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = error as Error;
    if (!message.startsWith(TFJS_NODE_FAULT)) throw error;
    throw new UserError(
      {
        message,
        keys: ['backend'],
        expected: 'a @tensorflow/tfjs-node with its native part, or none: then WASM computes',
        hint: 'Install it anew where it can download that part, or remove it with `npm uninstall @tensorflow/tfjs-node`.',
      },
      { cause: error },
    );
  }
}
