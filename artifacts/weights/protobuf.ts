import type { FileHandle } from 'node:fs/promises';

/** A field of a protocol-buffers message; `start` to `end` are the bytes of a length-delimited one. */
export interface Field {
  readonly number: number;
  /** Value of a varint; 0 for other kinds. */
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

export class ProtobufFault extends Error {}

/** Bytes that are read at once: the fields of a network's graph lie close together, its numbers are stepped over. */
const WINDOW = 64 << 10;

/**
 * Walks the fields of protocol-buffers messages inside a file without loading it.
 * Source: protobuf.dev, "Encoding". Throws ProtobufFault for what is no message or is cut off.
 */
export class ProtobufReader {
  #window: Buffer = Buffer.alloc(0);
  #from = 0;

  constructor(
    readonly handle: FileHandle,
    readonly size: number,
  ) {}

  async *fields(start: number, end: number): AsyncGenerator<Field> {
    let at = start;
    while (at < end) {
      const tag = await this.#varint(at, end);
      at = tag.end;
      const [number, kind] = [Math.floor(tag.value / 8), tag.value % 8];
      if (kind === 0) {
        const varint = await this.#varint(at, end);
        at = varint.end;
        yield { number, value: varint.value, start: at, end: at };
        continue;
      }
      let length = kind === 1 ? 8 : kind === 5 ? 4 : -1;
      if (kind === 2) {
        const varint = await this.#varint(at, end);
        at = varint.end;
        length = varint.value;
      }
      if (length < 0 || number === 0) throw new ProtobufFault(`an unknown kind of field at byte ${at}`);
      if (at + length > end) throw new ProtobufFault(`a field of ${length} bytes at byte ${at} of ${end}`);
      yield { number, value: 0, start: at, end: at + length };
      at += length;
    }
  }

  /** The bytes of a field, in a buffer of their own. */
  async bytes({ start, end }: Field): Promise<Buffer> {
    const bytes = Buffer.from(new ArrayBuffer(end - start));
    await this.handle.read(bytes, 0, bytes.length, start);
    return bytes;
  }

  async text(field: Field): Promise<string> {
    if (field.end - field.start > WINDOW) throw new ProtobufFault(`a name of ${field.end - field.start} bytes`);
    return (await this.bytes(field)).toString('utf8');
  }

  /** Whole numbers of a repeated field: one of them, or several packed together. */
  async numbers(field: Field): Promise<number[]> {
    if (field.start === field.end) return [field.value];
    const values: number[] = [];
    for (let at = field.start; at < field.end; ) {
      const varint = await this.#varint(at, field.end);
      values.push(varint.value);
      at = varint.end;
    }
    return values;
  }

  /** At most ten bytes of seven bits, lowest first. Values beyond what a double counts become inexact, and so too large. */
  async #varint(start: number, end: number): Promise<{ value: number; end: number }> {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const at = start + i;
      if (at >= end) break;
      const byte = await this.#byte(at);
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return { value, end: at + 1 };
    }
    throw new ProtobufFault(`a number that does not end at byte ${start}`);
  }

  async #byte(at: number): Promise<number> {
    const byte = this.#window[at - this.#from];
    if (at >= this.#from && byte !== undefined) return byte;
    const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(WINDOW), 0, WINDOW, at);
    if (bytesRead === 0) throw new ProtobufFault(`the file ends at byte ${at}`);
    this.#window = buffer.subarray(0, bytesRead);
    this.#from = at;
    return this.#window[0]!;
  }
}
