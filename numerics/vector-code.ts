/**
 * Writes WebAssembly modules as bytes: functions that go through arrays element by element, two doubles or sixteen bytes at a
 * time (128-bit SIMD), which the compiler of Node does not do with JavaScript loops. Only what is used is here.
 * Source of the encoding: https://webassembly.github.io/spec/core/binary
 */

/** A function over arrays of one length, written as what happens to one element. */
export interface VectorFunction {
  /** Arrays that are read: `float64`, or anything else in words of 8 bytes. */
  readonly reads: readonly string[];
  /** Numbers that are the same for all elements. */
  readonly numbers: readonly string[];
  /** `[name, operation, operands]`: each gives a value its name, from arrays, numbers, `constants` and values named before. */
  readonly steps: readonly (readonly [string, Operation, ...string[]])[];
  /** Arrays that are written: their type, and the value that is stored (float32: rounded to nearest; words: as it is). */
  readonly writes: readonly { readonly type: 'float64' | 'float32' | 'words'; readonly value: string }[];
}

type Operation = keyof typeof operations;

/**
 * `larger` is `a < b ? b : a`; `greater` sets all bits where a > b, none elsewhere; `select` takes a where the third has bits, else b.
 * `add16` and `sub16` are of integers of 16 bits; `addNeighbours` makes these of bytes 0 and 1, 2 and 3, and so on.
 */
const operations = {
  add: 0xf0,
  sub: 0xf1,
  mul: 0xf2,
  div: 0xf3,
  sqrt: 0xef,
  larger: 0xf7,
  greater: 0x4a,
  select: 0x52,
  and: 0x4e,
  add16: 0x8e,
  sub16: 0x91,
  addNeighbours: 0x7d,
} as const;

/** Words of 8 bytes. `evenBytes` has the bits of bytes 0, 2, 4, 6. */
const constants = {
  zero: [0, 0, 0, 0, 0, 0, 0, 0],
  nan: [0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
  evenBytes: [0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0],
};

const [i32, f64, v128] = [0x7f, 0x7c, 0x7b];
const [splat, load, store, store64Lane, demote] = [0x14, 0x00, 0x0b, 0x5b, 0x5e];

/** As far as it is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (descriptor: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

/** Memory, all zero at first, and functions that work on it and on no other. */
export interface VectorMemory<Name extends string> {
  readonly buffer: ArrayBuffer;
  /** Parameters: byte offsets of `reads` and of `writes`, the number of elements (even, above 0), then the numbers. */
  readonly code: Readonly<Record<Name, (...parameters: number[]) => void>>;
}

/** Compiles the functions at the first use; every call gives another memory of that many bytes at least. */
export function vectorCode<Name extends string>(
  functions: Readonly<Record<Name, VectorFunction>>,
): (bytes: number) => VectorMemory<Name> {
  let compiled: object | undefined;
  return (bytes) => {
    compiled ??= new WebAssembly.Module(vectorModule(functions));
    const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / 65536)) });
    const { exports } = new WebAssembly.Instance(compiled, { vectors: { memory } });
    return { buffer: memory.buffer, code: exports as VectorMemory<Name>['code'] };
  };
}

/** A module that exports the functions, and imports `vectors.memory`. */
function vectorModule(functions: Readonly<Record<string, VectorFunction>>): Uint8Array<ArrayBuffer> {
  const all = Object.entries(functions);
  const types = all.map(([, { reads, writes, numbers }]) => [
    0x60,
    ...list([...new Array(reads.length + writes.length + 1).fill([i32]), ...numbers.map(() => [f64])]),
    ...list([]),
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [[...name('vectors'), ...name('memory'), 2, 0, 1]]),
    ...section(
      3,
      all.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      all.map(([title], index) => [...name(title), 0, ...unsigned(index)]),
    ),
    ...section(
      10,
      all.map(([, one]) => sized(body(one))),
    ),
  ]);
}

/** Parameters are locals 0 and up; after them comes one vector for every number, constant, array and step. */
function body({ reads, numbers, steps, writes }: VectorFunction): number[] {
  const pointers = reads.length + writes.length;
  const count = pointers;
  const names = [...numbers, ...Object.keys(constants), ...reads, ...steps.map(([title]) => title)];
  const local = (title: string) => {
    const index = names.indexOf(title);
    if (index < 0) throw new Error(`no value ${title}`);
    return unsigned(count + 1 + numbers.length + index);
  };
  const get = (index: number[]) => [0x20, ...index];
  const set = (index: number[]) => [0x21, ...index];
  const advance = (index: number, by: number) => {
    const at = unsigned(index);
    return [...get(at), 0x41, ...signed(by), 0x6a, ...set(at)];
  };
  const code = [
    ...numbers.flatMap((title, i) => [...get(unsigned(count + 1 + i)), ...simd(splat), ...set(local(title))]),
    ...Object.entries(constants).flatMap(([title, bytes]) => [0x44, ...bytes, ...simd(splat), ...set(local(title))]),
    ...[0x03, 0x40],
    ...reads.flatMap((title, i) => [...get(unsigned(i)), ...simd(load), 3, 0, ...set(local(title))]),
    ...steps.flatMap(([title, operation, ...operands]) => [
      ...operands.flatMap((operand) => get(local(operand))),
      ...simd(operations[operation]),
      ...set(local(title)),
    ]),
    ...writes.flatMap(({ type, value }, i) => [
      ...get(unsigned(reads.length + i)),
      ...get(local(value)),
      ...(type === 'float32' ? [...simd(demote), ...simd(store64Lane), 2, 0, 0] : [...simd(store), 3, 0]),
    ]),
    ...reads.flatMap((_, i) => advance(i, 16)),
    ...writes.flatMap(({ type }, i) => advance(reads.length + i, type === 'float32' ? 8 : 16)),
    ...advance(count, -2),
    ...[...get(unsigned(count)), 0x0d, 0],
    ...[0x0b, 0x0b],
  ];
  return [...list([[...unsigned(names.length), v128]]), ...code];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return [id, ...sized(list(items))];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function name(title: string): number[] {
  return sized([...new TextEncoder().encode(title)]);
}

function simd(operation: number): number[] {
  return [0xfd, ...unsigned(operation)];
}

// Numbers are written as LEB128: seven bits a byte, the lowest first.

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}
