import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../user-error.js';
import { readFully } from '../whole-bytes.js';

export interface ZipEntry {
  readonly name: string;
  /** Bytes it has when it is unpacked, as the directory says: not to be trusted before it is compared with the file. */
  readonly size: number;
  readonly compressed: boolean;
  /** Where its local header begins. */
  readonly header: number;
}

/** Comment and end record are at most this long. */
const TAIL = 65_535 + 22;

/** Directories that are longer are refused: PyTorch's has some 100 bytes for each tensor. */
const MOST_DIRECTORY = 16 << 20;

/**
 * The directory of a zip archive, by name. Source: PKWARE's APPNOTE.TXT 6.3, 4.3 (with ZIP64). Unpacks nothing.
 * Throws UserError where the end of the archive is missing.
 */
export async function readDirectory(
  handle: FileHandle,
  size: number,
  origin: string,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const tail = await read(handle, Math.max(0, size - TAIL), Math.min(size, TAIL));
  const end = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  if (end < 0 || tail.length - end < 22) throw cutOff(origin, size);
  let [count, length, start] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  const locator = end - 20;
  if (locator >= 0 && tail.readUInt32LE(locator) === 0x07064b50) {
    const big = await read(handle, Number(tail.readBigUInt64LE(locator + 8)), 56);
    if (big.length < 56 || big.readUInt32LE(0) !== 0x06064b50) throw cutOff(origin, size);
    [count, length, start] = [big.readBigUInt64LE(32), big.readBigUInt64LE(40), big.readBigUInt64LE(48)].map(
      Number,
    ) as [number, number, number];
  }
  if (length > MOST_DIRECTORY || start + length > size) throw cutOff(origin, size);
  const directory = await read(handle, start, length);
  const entries = new Map<string, ZipEntry>();
  for (let at = 0, left = count; left > 0; left--) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) throw cutOff(origin, size);
    const [nameLength, extraLength] = [directory.readUInt16LE(at + 28), directory.readUInt16LE(at + 30)];
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
    const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const [bytes, header] = wide(directory, at, extra);
    entries.set(name, { name, size: bytes, compressed: directory.readUInt16LE(at + 10) !== 0, header });
    at += 46 + nameLength + extraLength + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** Size and place of an entry; values of all ones stand in the ZIP64 field, in the order size, packed size, place. */
function wide(directory: Buffer, at: number, extra: Buffer): [size: number, header: number] {
  const fields = [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)];
  for (let i = 0; i + 4 <= extra.length; i += 4 + extra.readUInt16LE(i + 2)) {
    if (extra.readUInt16LE(i) !== 1) continue;
    let from = i + 4;
    fields.forEach((value, field) => {
      if (value !== 0xffffffff || from + 8 > extra.length) return;
      fields[field] = Number(extra.readBigUInt64LE(from));
      from += 8;
    });
    break;
  }
  return [fields[0]!, fields[2]!];
}

/** Where the bytes of an entry begin. Throws UserError for what is compressed and for what does not lie in the file. */
export async function startOf(handle: FileHandle, entry: ZipEntry, size: number, origin: string): Promise<number> {
  const fail = (message: string, hint: string) => {
    throw new UserError({ message, place: { file: origin, what: shortName(entry.name) }, hint });
  };
  if (entry.compressed) {
    fail('compressed; torch.save never compresses', 'Save it again in Python: torch.save(torch.load(…), …)');
  }
  const local = await read(handle, entry.header, 30);
  const start =
    local.length === 30 && local.readUInt32LE(0) === 0x04034b50
      ? entry.header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28)
      : size;
  if (start + entry.size > size) {
    fail(
      `its directory says ${entry.size} bytes, which do not lie within the file size of ${size} bytes`,
      'Download the file again.',
    );
  }
  return start;
}

/** Without the folder that torch.save puts around everything: `data/0`. */
export function shortName(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  return (await readFully(handle, buffer, position)) ? buffer : Buffer.alloc(0);
}

function cutOff(origin: string, size: number): UserError {
  return new UserError({
    message: `cut off: not a complete zip archive (${size} bytes, its directory is missing)`,
    place: { file: origin },
    hint: 'Download the file again.',
  });
}
