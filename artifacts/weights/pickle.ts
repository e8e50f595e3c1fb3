import { UserError } from '../user-error.js';

/**
 * What a pickle may hold here. Lists and tuples are arrays, dictionaries are Maps (a key may be `__proto__`), bytes
 * are Buffers. Everything else comes from a `Vocabulary`.
 */
export type PickleValue = null | boolean | number | bigint | string | object;

/** The only classes and functions that a pickle may name, and what calling them gives. Nothing else is ever looked up. */
export interface Vocabulary {
  /** What the name `module.name` stands for; undefined refuses the file. */
  find(name: string): PickleValue | undefined;
  /** Calls what `find` gave. */
  call(callee: PickleValue, args: readonly PickleValue[]): PickleValue;
  /** Resolves a persistent id: in PyTorch a storage. */
  persistent(id: PickleValue): PickleValue;
  /** Further advice for a refused name. */
  adviceFor(name: string): string;
}

/** Instructions that are run at most: a state_dict of VGG needs some 2,000. Bounds the memory that a pickle can ask for. */
const MOST_INSTRUCTIONS = 1_000_000;

/** Longest whole number, in bytes. PyTorch's magic number has 10. */
const LONGEST_NUMBER = 64;

/**
 * Reads one pickle (protocol 2 to 5) without Python's freedom: names are looked up in `vocabulary` only, nothing is
 * imported, nothing of the file is called. Source: CPython's Lib/pickletools.py, which documents every instruction.
 * `start`: where in `bytes` it begins. Gives the value and the position behind it.
 * Throws UserError for names outside the vocabulary, unknown instructions and lengths beyond the bytes.
 */
export function unpickle(
  bytes: Buffer,
  start: number,
  vocabulary: Vocabulary,
  origin: string,
): { value: PickleValue; end: number } {
  return new Unpickler(bytes, start, vocabulary, origin).run();
}

class Unpickler {
  #at: number;
  #stack: PickleValue[] = [];
  readonly #outer: PickleValue[][] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(
    readonly bytes: Buffer,
    start: number,
    readonly vocabulary: Vocabulary,
    readonly origin: string,
  ) {
    this.#at = start;
  }

  run(): { value: PickleValue; end: number } {
    for (let count = 0; count < MOST_INSTRUCTIONS; count++) {
      const code = this.#take(1)[0]!;
      if (code === STOP) return { value: this.#pop(), end: this.#at };
      const instruction = instructions[code];
      if (!instruction) throw this.#fail(`unknown instruction 0x${code.toString(16)}`);
      instruction(this.#machine);
    }
    throw this.#fail(`more than ${MOST_INSTRUCTIONS} instructions`);
  }

  readonly #machine: Machine = {
    push: (value) => this.#stack.push(value),
    pop: () => this.#pop(),
    top: () => {
      const top = this.#stack.at(-1);
      if (top === undefined) throw this.#fail('takes from an empty stack');
      return top;
    },
    mark: () => {
      this.#outer.push(this.#stack);
      this.#stack = [];
    },
    sinceMark: () => {
      const outer = this.#outer.pop();
      if (!outer) throw this.#fail('has no mark');
      const since = this.#stack;
      this.#stack = outer;
      return since;
    },
    number: (bytes, signed = false) =>
      bytes === 8 ? this.#size(this.#take(8).readBigUInt64LE()) : readInteger(this.#take(bytes), signed),
    double: () => this.#take(8).readDoubleBE(),
    bytes: (length) => this.#take(length),
    line: () => {
      const end = this.bytes.indexOf(10, this.#at);
      if (end < 0) throw this.#fail('ends in the middle');
      const text = this.bytes.toString('utf8', this.#at, end);
      this.#at = end + 1;
      return text;
    },
    remember: (index) => this.#memo.set(index ?? this.#memo.size, this.#machine.top()),
    recall: (index) => {
      const value = this.#memo.get(index);
      if (value === undefined) throw this.#fail('recalls what it never stored');
      return value;
    },
    find: (module, name) => this.#find(module, name),
    call: (callee, args) => this.#guard(() => this.vocabulary.call(callee, listOf(args, this.#fail))),
    persistent: (id) => this.#guard(() => this.vocabulary.persistent(id)),
    fail: (message) => this.#fail(message),
  };

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#fail('takes from an empty stack');
    return value;
  }

  #take(length: number): Buffer {
    if (length > this.bytes.length - this.#at) {
      throw this.#fail(`a length of ${length} bytes where ${this.bytes.length - this.#at} remain`);
    }
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  /** A length of 8 bytes; those beyond the pickle are told exactly. */
  #size(length: bigint): number {
    const remain = this.bytes.length - this.#at;
    if (length <= BigInt(remain)) return Number(length);
    throw this.#fail(`a length of ${length} bytes where ${remain} remain`);
  }

  #find(module: string, name: string): PickleValue {
    const full = `${module.replace(/^__builtin__$/, 'builtins')}.${name}`;
    const found = this.vocabulary.find(full);
    if (found !== undefined) return found;
    throw new UserError({
      message: `refused: this pickle asks for ${full}, and nothing in a weight file may be run`,
      place: { file: this.origin },
      expected: 'tensors and dictionaries only',
      hint: this.vocabulary.adviceFor(full),
    });
  }

  /** Faults that the vocabulary reports get their place. */
  #guard(make: () => PickleValue): PickleValue {
    try {
      return make();
    } catch (error) {
      if (error instanceof PickleFault) throw this.#fail(error.message);
      throw error;
    }
  }

  readonly #fail = (message: string): UserError =>
    new UserError({
      message: `the pickle is damaged at byte ${this.#at}: ${message}`,
      place: { file: this.origin },
      hint: 'Download the file again.',
    });
}

/** A fault in what a pickle says of tensors, thrown by a vocabulary. */
export class PickleFault extends Error {}

interface Machine {
  push(value: PickleValue): void;
  pop(): PickleValue;
  top(): PickleValue;
  mark(): void;
  sinceMark(): PickleValue[];
  number(bytes: 1 | 2 | 4 | 8, signed?: boolean): number;
  double(): number;
  bytes(length: number): Buffer;
  line(): string;
  remember(index?: number): void;
  recall(index: number): PickleValue;
  find(module: string, name: string): PickleValue;
  call(callee: PickleValue, args: PickleValue): PickleValue;
  persistent(id: PickleValue): PickleValue;
  fail(message: string): UserError;
}

const STOP = 0x2e;

const text = (m: Machine, length: number) => m.push(m.bytes(length).toString('utf8'));
const global = (m: Machine, module: PickleValue, name: PickleValue) => m.push(m.find(String(module), String(name)));

function setItems(m: Machine, items: readonly PickleValue[]): void {
  const target = m.top();
  if (!(target instanceof Map) || items.length % 2 !== 0) throw m.fail('sets items of what is no dictionary');
  for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
}

function append(m: Machine, items: readonly PickleValue[]): void {
  const target = m.top();
  if (!Array.isArray(target)) throw m.fail('appends to what is no list');
  for (const item of items) target.push(item);
}

/** Python's order: what was pushed last comes last. */
function tuple(m: Machine, length: number): void {
  const items = Array.from({ length }, () => m.pop());
  m.push(items.reverse());
}

/** A whole number of up to 64 bytes, two's complement; a bigint where it is beyond what a double counts. */
function long(m: Machine, length: number): void {
  if (length > LONGEST_NUMBER) throw m.fail(`a whole number of ${length} bytes`);
  const bytes = m.bytes(length);
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  if (length > 0 && bytes[length - 1]! >= 0x80) value -= 1n << BigInt(8 * length);
  m.push(Number.isSafeInteger(Number(value)) ? Number(value) : value);
}

/** By code, as pickletools names them. Instructions for objects of arbitrary classes (INST, OBJ, EXT) are absent. */
const instructions: Readonly<Record<number, (m: Machine) => void>> = {
  128: (m) => m.number(1), // PROTO
  149: (m) => m.number(8), // FRAME
  40: (m) => m.mark(), // MARK
  48: (m) => m.pop(), // POP
  49: (m) => m.sinceMark(), // POP_MARK
  50: (m) => m.push(m.top()), // DUP
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  75: (m) => m.push(m.number(1)), // BININT1
  77: (m) => m.push(m.number(2)), // BININT2
  74: (m) => m.push(m.number(4, true)), // BININT
  138: (m) => long(m, m.number(1)), // LONG1
  139: (m) => long(m, m.number(4)), // LONG4
  71: (m) => m.push(m.double()), // BINFLOAT
  140: (m) => text(m, m.number(1)), // SHORT_BINUNICODE
  88: (m) => text(m, m.number(4)), // BINUNICODE
  141: (m) => text(m, m.number(8)), // BINUNICODE8
  85: (m) => text(m, m.number(1)), // SHORT_BINSTRING, of Python 2
  84: (m) => text(m, m.number(4)), // BINSTRING
  67: (m) => m.push(m.bytes(m.number(1))), // SHORT_BINBYTES
  66: (m) => m.push(m.bytes(m.number(4))), // BINBYTES
  142: (m) => m.push(m.bytes(m.number(8))), // BINBYTES8
  125: (m) => m.push(new Map()), // EMPTY_DICT
  93: (m) => m.push([]), // EMPTY_LIST
  41: (m) => m.push([]), // EMPTY_TUPLE
  133: (m) => tuple(m, 1), // TUPLE1
  134: (m) => tuple(m, 2), // TUPLE2
  135: (m) => tuple(m, 3), // TUPLE3
  116: (m) => m.push(m.sinceMark()), // TUPLE
  108: (m) => m.push(m.sinceMark()), // LIST
  97: (m) => append(m, [m.pop()]), // APPEND
  101: (m) => append(m, m.sinceMark()), // APPENDS
  115: (m) => {
    const value = m.pop();
    setItems(m, [m.pop(), value]);
  }, // SETITEM
  117: (m) => setItems(m, m.sinceMark()), // SETITEMS
  113: (m) => m.remember(m.number(1)), // BINPUT
  114: (m) => m.remember(m.number(4)), // LONG_BINPUT
  148: (m) => m.remember(), // MEMOIZE
  104: (m) => m.push(m.recall(m.number(1))), // BINGET
  106: (m) => m.push(m.recall(m.number(4))), // LONG_BINGET
  99: (m) => global(m, m.line(), m.line()), // GLOBAL
  147: (m) => {
    const name = m.pop();
    global(m, m.pop(), name);
  }, // STACK_GLOBAL
  82: (m) => {
    const args = m.pop();
    m.push(m.call(m.pop(), args));
  }, // REDUCE
  81: (m) => m.push(m.persistent(m.pop())), // BINPERSID
  // State of an object: only an OrderedDict comes here, with what PyTorch notes about versions. Not needed.
  98: (m) => {
    m.pop();
    if (!(m.top() instanceof Map)) throw m.fail('gives a state to what is no dictionary');
  }, // BUILD
};

function listOf(args: PickleValue, fail: (message: string) => UserError): readonly PickleValue[] {
  if (Array.isArray(args)) return args as PickleValue[];
  throw fail('calls with what is no tuple');
}

function readInteger(bytes: Buffer, signed: boolean): number {
  return signed ? bytes.readIntLE(0, bytes.length) : bytes.readUIntLE(0, bytes.length);
}
