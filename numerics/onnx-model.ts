/**
 * Writes ONNX models as bytes, so that ONNX Runtime can run graphs made at run time: matrix products, VGG-16 with
 * weights from any file. Only what ModelProto needs is here (onnx.proto3, https://github.com/onnx/onnx).
 */

export type ElementType = 'float32' | 'float64' | 'uint8' | 'int64' | 'bool' | 'int32';
const ELEMENT: Record<ElementType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float64: 11 };

export interface ValueInfo {
  readonly name: string;
  readonly type: ElementType;
  /** A string is a symbolic dimension, fixed only when the model runs. */
  readonly shape: readonly (number | string)[];
}

export interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array | Uint8Array | Int32Array;
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integers become INT, lists of integers INTS, strings STRING; write floats as `{ float: 0.5 }`. */
  readonly attributes?: Readonly<Record<string, number | readonly number[] | string | { float: number }>>;
}

export interface Model {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly Node[];
  readonly initializers?: readonly Initializer[];
  /** Default operator set. Default 17. */
  readonly opset?: number;
}

/** Serialises a model to the bytes that `InferenceSession.create` takes. */
export function onnxModel(model: Model): Uint8Array {
  const graph = message([
    ...model.nodes.map((node, index) => field(1, nodeProto(node, index))),
    text(2, model.name),
    ...(model.initializers ?? []).map((tensor) => field(5, tensorProto(tensor))),
    ...model.inputs.map((value) => field(11, valueInfoProto(value))),
    ...model.outputs.map((value) => field(12, valueInfoProto(value))),
  ]);
  const opset = message([text(1, ''), integer(2, model.opset ?? 17)]);
  return message([integer(1, 8), text(2, 'voxreel'), field(7, graph), field(8, opset)]);
}

function nodeProto(node: Node, index: number): Uint8Array {
  return message([
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(3, `${node.op}_${index}`),
    text(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => field(5, attributeProto(name, value))),
  ]);
}

function attributeProto(name: string, value: number | readonly number[] | string | { float: number }): Uint8Array {
  if (typeof value === 'number') return message([text(1, name), integer(3, value), integer(20, 2)]);
  if (typeof value === 'string') return message([text(1, name), text(4, value), integer(20, 3)]);
  if ('float' in value) {
    const bytes = new Uint8Array(5);
    bytes[0] = (2 << 3) | 5;
    new DataView(bytes.buffer).setFloat32(1, value.float, true);
    return message([text(1, name), bytes, integer(20, 1)]);
  }
  return message([text(1, name), ...value.map((item) => integer(8, item)), integer(20, 7)]);
}

function tensorProto(tensor: Initializer): Uint8Array {
  const raw = new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  return message([
    ...tensor.shape.map((size) => integer(1, size)),
    integer(2, ELEMENT[tensor.type]),
    text(8, tensor.name),
    field(9, raw),
  ]);
}

function valueInfoProto(value: ValueInfo): Uint8Array {
  const dims = value.shape.map((size) => field(1, typeof size === 'number' ? integer(1, size) : text(2, size)));
  const tensorType = message([integer(1, ELEMENT[value.type]), field(2, message(dims))]);
  return message([text(1, value.name), field(2, field(1, tensorType))]);
}

// Protocol Buffers wire format: a key (field number, wire type), then a varint or a length and bytes.

function integer(number: number, value: number): Uint8Array {
  return message([varint((number << 3) | 0), varint(value)]);
}

function text(number: number, value: string): Uint8Array {
  return field(number, new TextEncoder().encode(value));
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return message([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function message(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
