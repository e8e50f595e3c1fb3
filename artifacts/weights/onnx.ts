import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../user-error.js';
import type { Companions } from './companions.js';
import { chainOf, type OnnxNode } from './onnx-chain.js';
import { type Field, ProtobufFault, ProtobufReader } from './protobuf.js';
import { BYTES_OF, bytesAt, elementsOf, floatsOf, floatType, list, type TensorFile } from './tensor-file.js';

/** A tensor of the model: its numbers lie in the file at `data`, or in another file. */
interface OnnxTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data?: { readonly start: number; readonly length: number };
  readonly external?: { readonly location: string; readonly offset: number; readonly length?: number };
}

/** TensorProto.DataType, for messages where it is no type that is read. */
const types = ['', 'F32', 'U8', 'I8', 'U16', 'I16', 'I32', 'I64', 'STRING', 'BOOL', 'F16', 'F64', 'U32', 'U64'];
const BFLOAT16 = 16;

/** How many nodes a graph may have: VGG has some 40. Bounds the memory and the time that a file can ask for. */
const MOST_PARTS = 20_000;

/**
 * An ONNX model: tensors are the initializers (and Constant nodes), layers are told by the graph, never by names or by
 * the order in the file. Source: onnx.proto3, https://github.com/onnx/onnx. External data is read from the folder of
 * the file only.
 */
export async function readOnnx(
  handle: FileHandle,
  size: number,
  origin: string,
  companions: Companions,
): Promise<TensorFile> {
  const { tensors, nodes } = await readGraph(new ProtobufReader(handle, size), size, origin);
  for (const { name, external } of tensors.values()) {
    if (external) await companions.find(external.location, name);
  }
  const chain = chainOf(nodes, tensors, origin);
  return {
    origin,
    format: 'ONNX',
    names: [...tensors.keys()],
    chain,
    shapeOf: (name) => tensors.get(name)?.shape,
    read: (name) => readTensor(handle, tensors.get(name)!, origin, companions),
    close: () => handle.close(),
  };
}

async function readGraph(reader: ProtobufReader, size: number, origin: string) {
  const tensors = new Map<string, OnnxTensor>();
  const nodes: OnnxNode[] = [];
  try {
    for await (const part of reader.fields(0, size)) {
      if (part.number !== GRAPH) continue;
      for await (const field of reader.fields(part.start, part.end)) {
        if (field.number === INITIALIZER) {
          const tensor = await tensorOf(reader, field);
          tensors.set(tensor.name, tensor);
        }
        if (field.number === NODE) {
          const { node, constant } = await nodeOf(reader, field);
          nodes.push(node);
          if (constant) tensors.set(node.outputs[0] ?? '', { ...constant, name: node.outputs[0] ?? '' });
        }
        if (nodes.length + tensors.size > MOST_PARTS) throw new ProtobufFault(`more than ${MOST_PARTS} nodes`);
      }
    }
  } catch (error) {
    if (!(error instanceof ProtobufFault)) throw error;
    throw new UserError(
      {
        message: `truncated or damaged, not a complete ONNX file: ${error.message}`,
        place: { file: origin },
        hint: 'Download the file again.',
      },
      { cause: error },
    );
  }
  return { tensors, nodes };
}

/** Numbers of fields in onnx.proto3. */
const GRAPH = 7;
const NODE = 1;
const INITIALIZER = 5;

async function tensorOf(reader: ProtobufReader, field: Field): Promise<OnnxTensor> {
  const shape: number[] = [];
  let [name, dtype] = ['', ''];
  let data: OnnxTensor['data'];
  const external = new Map<string, string>();
  for await (const part of reader.fields(field.start, field.end)) {
    if (part.number === 1) shape.push(...(await reader.numbers(part)));
    if (part.number === 2) dtype = part.value === BFLOAT16 ? 'BF16' : (types[part.value] ?? `type ${part.value}`);
    // 4: float_data, which holds float32 as it is when packed. 9: raw_data, little-endian.
    if (part.number === 4 || part.number === 9) data = { start: part.start, length: part.end - part.start };
    if (part.number === 8) name = await reader.text(part);
    if (part.number === 13) {
      const entry = new Map<number, string>();
      for await (const text of reader.fields(part.start, part.end)) entry.set(text.number, await reader.text(text));
      external.set(entry.get(1) ?? '', entry.get(2) ?? '');
    }
  }
  const location = external.get('location');
  if (location === undefined) return { name, dtype, shape, ...(data && { data }) };
  const length = external.get('length');
  const place = { location, offset: Number(external.get('offset') ?? 0), ...(length && { length: Number(length) }) };
  return { name, dtype, shape, external: place };
}

async function nodeOf(reader: ProtobufReader, field: Field): Promise<{ node: OnnxNode; constant?: OnnxTensor }> {
  const [inputs, outputs]: string[][] = [[], []];
  const attributes = new Map<string, readonly number[]>();
  let operation = '';
  let constant: OnnxTensor | undefined;
  for await (const part of reader.fields(field.start, field.end)) {
    if (part.number === 1) inputs!.push(await reader.text(part));
    if (part.number === 2) outputs!.push(await reader.text(part));
    if (part.number === 4) operation = await reader.text(part);
    if (part.number !== 5) continue;
    let name = '';
    const numbers: number[] = [];
    for await (const value of reader.fields(part.start, part.end)) {
      if (value.number === 1) name = await reader.text(value);
      if (value.number === 3 || value.number === 8) numbers.push(...(await reader.numbers(value)));
      if (value.number === 5) constant = await tensorOf(reader, value);
    }
    attributes.set(name, numbers);
  }
  const node: OnnxNode = { operation, inputs: inputs!, outputs: outputs!, attributes };
  return { node, ...(operation === 'Constant' && constant && { constant }) };
}

async function readTensor(handle: FileHandle, tensor: OnnxTensor, origin: string, companions: Companions) {
  const { name, shape, data, external } = tensor;
  const type = floatType(tensor.dtype, origin, name);
  const bytes = elementsOf(shape) * BYTES_OF[type];
  const found = external ? (external.length ?? bytes) : (data?.length ?? 0);
  if (found !== bytes) {
    throw new UserError({
      message: `${found} bytes for shape ${list(shape)} of ${type}`,
      place: { file: origin, what: name },
      expected: `${bytes} bytes`,
    });
  }
  if (!external) return floatsOf(await bytesAt(handle, data!.start, bytes, origin, name), type, origin, name);
  const other = await open(await companions.find(external.location, name));
  try {
    const { size } = await other.stat();
    if (external.offset + bytes > size) {
      throw new UserError({
        message: `${external.location} has ${size} bytes, but this tensor lies at ${external.offset} to ${external.offset + bytes}`,
        place: { file: origin, what: name },
        hint: 'Download that file again.',
      });
    }
    return floatsOf(await bytesAt(other, external.offset, bytes, origin, name), type, origin, name);
  } finally {
    await other.close();
  }
}
