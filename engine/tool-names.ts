import type { Tools } from './keys.js';

/** The programs and libraries of a step by name: `{ onnx: 'onnxruntime-node 1.30.0' }` and `{ ffmpeg: '5.1' }` alike. */
export function programsOf(tools: Tools): readonly { readonly program: string; readonly version: string }[] {
  return Object.entries(tools).map(([name, version]) => {
    const [, program = name, own = version] = /^(\S+) (\S+)$/.exec(version) ?? [];
    return { program, version: own };
  });
}
