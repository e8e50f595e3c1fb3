import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type PickleValue, unpickle } from '../../../artifacts/weights/pickle.js';
import { torchVocabulary } from '../../../artifacts/weights/torch-pickle.js';
import { newFolder } from '../../support/folders.js';
import { readWeightFile } from './read-weights.js';

/** Bytes of a pickle, written by hand: texts stand for their characters. Names of instructions are in Lib/pickletools.py. */
function bytes(...parts: (string | number | Buffer)[]): Buffer {
  const all = parts.map((part) =>
    typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
  );
  return Buffer.concat([Buffer.of(0x80, 2), ...all]);
}

const read = (pickle: Buffer): PickleValue =>
  unpickle(
    pickle,
    0,
    torchVocabulary(() => {}),
    'w.pth',
  ).value;
/** The start of a call of _rebuild_tensor_v2, and a storage of 108 elements. */
const REBUILD = 'ctorch._utils\n_rebuild_tensor_v2\n(';
const STORAGE = '(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x6ct';

describe('a pickle', () => {
  test('gives the plain values that Python wrote', () => {
    // pickle.dumps({'a': [1, -2, 3.5, None, True, 2**40, 'é'], 'b': (b'x',)}, protocol=4), by CPython 3.11.
    const dumped =
      '80049536000000000000007d94288c0161945d94284b014afeffffff47400c0000000000004e888a060000000000018c02c3a994658c' +
      '016294430178948594752e';
    expect(read(Buffer.from(dumped, 'hex'))).toEqual(
      new Map<string, unknown>([
        ['a', [1, -2, 3.5, null, true, 2 ** 40, 'é']],
        ['b', [Buffer.from('x')]],
      ]),
    );
  });

  test('may hold itself: nothing goes round in circles', () => {
    const self = read(bytes('}q\0X\x01\0\0\0ah\0s.')) as Map<string, unknown>;
    expect(self.get('a')).toBe(self);
  });

  test.each([
    ['os.system', 'cos\nsystem\n'],
    ['builtins.eval', 'c__builtin__\neval\n'],
    ['builtins.getattr', 'cbuiltins\ngetattr\n'],
    ['torch.load', 'ctorch\nload\n'],
    ['torch.FloatStorage.__class__', 'ctorch.FloatStorage\n__class__\n'],
    ['collections.OrderedDict.__init__', 'ccollections.OrderedDict\n__init__\n'],
    ['constructor.constructor', 'cconstructor\nconstructor\n'],
    ['torch.constructor', 'ctorch\nconstructor\n'],
    ['nt.system', 'X\x02\0\0\0ntX\x06\0\0\0system\x93'],
  ])('that asks for %s is refused by that name', (name, instruction) => {
    expect(() => read(bytes(instruction, ')R.'))).toThrow(`w.pth: refused: this pickle asks for ${name},`);
  });

  test.each([
    ['INST, which makes objects', '(ios\nsystem\n.', /unknown instruction 0x69/],
    ['EXT1, a registered class', '\x82\x01.', /unknown instruction 0x82/],
    ['a call of what is no function', 'K\x01)R.', /calls what is no function/],
    ['arguments that are no tuple', 'ccollections\nOrderedDict\nK\x01R.', /calls with what is no tuple/],
    ['items for a number', 'K\x01K\x02K\x03s.', /sets items of what is no dictionary/],
    ['an empty stack', '0.', /takes from an empty stack/],
    ['an unknown memory', 'h\x05.', /recalls what it never stored/],
    ['no end', 'K\x01', /a length of 1 bytes where 0 remain/],
    ['a text beyond the end', 'X\xff\xff\xff\xff', /a length of 4294967295 bytes where 0 remain/],
    ['a huge number', '\x8b\0\0\0\x40.', /a whole number of 1073741824 bytes/],
  ])('with %s is told as damaged', (_, instructions, message) => {
    expect(() => read(bytes(instructions))).toThrow(message);
  });

  test('with a tensor of negative size is told as damaged', () => {
    const call = `${REBUILD}${STORAGE}QK\0(J\xff\xff\xff\xfft(K\x01t\x89NtR.`;
    expect(() => read(bytes(call))).toThrow(/a tensor without storage, offset, shape and strides/);
  });

  test('of endless instructions ends', () => {
    expect(() => read(bytes(Buffer.alloc(1_100_000, ')')))).toThrow(/more than 1000000 instructions/);
  });
});

describe('a file of torch.save', () => {
  /** A legacy file with one tensor in one storage of 108 elements; `view` are offset, shape and strides as instructions. */
  async function legacy(view: string): Promise<string> {
    const magic = Buffer.from('8a0a6cfc9c46f9206aa850192e', 'hex');
    const object = bytes(`}X\x11\0\0\0features.0.weight${REBUILD}${STORAGE}Q${view}\x89NtRs.`);
    const keys = bytes(']X\x01\0\0\x000a.');
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(108n);
    const parts = [bytes(magic), bytes('M\xe9\x03.'), bytes('}.'), object, keys, count, Buffer.alloc(108 * 4)];
    const file = path.join(await newFolder('legacy'), 'w.pth');
    await writeFile(file, Buffer.concat(parts));
    return file;
  }

  test('with one tensor is read as such', async () => {
    // (4, 3, 3, 3) with strides (27, 9, 3, 1): right, but the other layers are missing.
    await expect(readWeightFile(await legacy('K\0(K\x04K\x03K\x03K\x03t(K\x1bK\x09K\x03K\x01t'))).rejects.toThrow(
      /features\.2\.weight \(block1_conv2\) is missing/,
    );
  });

  test('may not blow up a small storage by strides of 0', async () => {
    // (1000000, 3, 3, 3) with strides (0, 9, 3, 1).
    const file = await legacy('K\0(J\x40\x42\x0f\0K\x03K\x03K\x03t(K\0K\x09K\x03K\x01t');
    await expect(readWeightFile(file)).rejects.toThrow(/\[1000000,3,3,3\] takes 108000000 bytes.*has 432 bytes/);
  });

  test('may not reach behind its storage', async () => {
    const file = await legacy('K\x01(K\x04K\x03K\x03K\x03t(K\x1bK\x09K\x03K\x01t');
    await expect(readWeightFile(file)).rejects.toThrow(/from 1 on reaches beyond the 108 elements of storage 0/);
  });
});
