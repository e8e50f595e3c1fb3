import type { GraphRequest } from './graph.js';

export type Backend = 'onnx' | 'tfjs';

/** What the ONNX backend computes on; which of them there are depends on the system and the build of the runtime. */
export type Device = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu' | 'dml' | 'coreml';

export interface FrameResult {
  /** [statistic, kernel]: kernels of the asked layers one after another, in network order. */
  readonly statistics: Float64Array;
  /** Per layer of `maps`, in its order: [asked kernel, y, x]. */
  readonly maps: readonly Float32Array[];
}

/** How the message of an error begins that says so; its class does not survive the way between threads. */
export const TFJS_NODE_FAULT = '@tensorflow/tfjs-node is installed but does not start';

/** A network ready to look at frames of one size. */
export interface VggSession {
  /** `pixels`: uint8 RGB [y, x, colour]. */
  frame(pixels: Uint8Array): Promise<FrameResult>;
  close(): Promise<void> | void;
}

export interface OpenRequest {
  readonly backend: Backend;
  readonly threads: number;
  /** Of the ONNX backend. Default `cpu`. */
  readonly device?: Device;
  readonly graph: GraphRequest;
}

/** The network of this worker. A worker serves one `extract` at a time, so that one is enough. */
let current: VggSession | null = null;

/** Pool task `vgg.open`: builds the network on this worker. */
export async function open(request: OpenRequest): Promise<object> {
  await current?.close();
  current =
    request.backend === 'onnx'
      ? await (await import('./onnx.js')).openOnnx(request.graph, request.threads, request.device)
      : await (await import('./tfjs.js')).openTfjs(request.graph);
  return {};
}

/** Pool task `vgg.frame`: runs the network that was opened on this worker. */
export async function frame(pixels: Uint8Array): Promise<FrameResult> {
  if (!current) throw new Error('vgg.frame before vgg.open');
  return current.frame(pixels);
}
