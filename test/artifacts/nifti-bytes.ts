/**
 * NIfTI files byte by byte, by the offsets of nifti1.h and nifti2.h: the tests' own, so that neither our reader nor our
 * writer checks itself.
 */
export interface RawNifti {
  version?: 1 | 2;
  littleEndian?: boolean;
  /** dim[0] to dim[7]; shorter lists are filled with 1. */
  dim: number[];
  datatype: number;
  bitpix: number;
  pixdim?: number[];
  voxOffset?: number;
  slope?: number;
  intercept?: number;
  units?: number;
  qformCode?: number;
  sformCode?: number;
  /** b, c, d, offset x, y, z. */
  quatern?: number[];
  /** 12 numbers, row by row. */
  srow?: number[];
  magic?: string;
  sizeofHdr?: number;
  data: (view: DataView, littleEndian: boolean) => void;
  /** Bytes of voxel data. */
  dataBytes: number;
}

export function niftiBytes(raw: RawNifti): Buffer {
  const { version = 1, littleEndian: le = true } = raw;
  const start = version === 1 ? 352 : 544;
  const voxOffset = raw.voxOffset ?? start;
  const bytes = new Uint8Array(Math.max(voxOffset, start) + raw.dataBytes);
  const view = new DataView(bytes.buffer);
  const dim = [...raw.dim, ...new Array(8).fill(1)].slice(0, 8);
  const pixdim = [...(raw.pixdim ?? [1, 1, 1, 1, 1]), ...new Array(8).fill(0)].slice(0, 8);
  const srow = raw.srow ?? [];
  const quatern = raw.quatern ?? [];
  const text = (value: string, at: number) => bytes.set(Buffer.from(value, 'latin1'), at);
  if (version === 1) {
    view.setInt32(0, raw.sizeofHdr ?? 348, le);
    dim.forEach((value, i) => void view.setInt16(40 + 2 * i, value, le));
    view.setInt16(70, raw.datatype, le);
    view.setInt16(72, raw.bitpix, le);
    pixdim.forEach((value, i) => void view.setFloat32(76 + 4 * i, value, le));
    view.setFloat32(108, voxOffset, le);
    view.setFloat32(112, raw.slope ?? 0, le);
    view.setFloat32(116, raw.intercept ?? 0, le);
    view.setUint8(123, raw.units ?? 10);
    view.setInt16(252, raw.qformCode ?? 0, le);
    view.setInt16(254, raw.sformCode ?? 0, le);
    quatern.forEach((value, i) => void view.setFloat32(256 + 4 * i, value, le));
    srow.forEach((value, i) => void view.setFloat32(280 + 4 * i, value, le));
    text(raw.magic ?? 'n+1\0', 344);
  } else {
    view.setInt32(0, raw.sizeofHdr ?? 540, le);
    text(raw.magic ?? 'n+2\0\r\n\x1a\n', 4);
    view.setInt16(12, raw.datatype, le);
    view.setInt16(14, raw.bitpix, le);
    dim.forEach((value, i) => void view.setBigInt64(16 + 8 * i, BigInt(value), le));
    pixdim.forEach((value, i) => void view.setFloat64(104 + 8 * i, value, le));
    view.setBigInt64(168, BigInt(voxOffset), le);
    view.setFloat64(176, raw.slope ?? 0, le);
    view.setFloat64(184, raw.intercept ?? 0, le);
    view.setInt32(344, raw.qformCode ?? 0, le);
    view.setInt32(348, raw.sformCode ?? 0, le);
    quatern.forEach((value, i) => void view.setFloat64(352 + 8 * i, value, le));
    srow.forEach((value, i) => void view.setFloat64(400 + 8 * i, value, le));
    view.setInt32(500, raw.units ?? 10, le);
  }
  raw.data(new DataView(bytes.buffer, Math.max(voxOffset, start)), le);
  return Buffer.from(bytes);
}

/** A series of int16 values `0, 1, 2, …` in file order, with 2 mm voxels and a TR of 1.5 s. */
export function int16Series(dim: [number, number, number, number], changes: Partial<RawNifti> = {}): RawNifti {
  const count = dim.reduce((product, length) => product * length, 1);
  return {
    dim: [4, ...dim],
    datatype: 4,
    bitpix: 16,
    pixdim: [1, 2, 2, 2, 1.5],
    sformCode: 1,
    srow: [2, 0, 0, -10, 0, 2, 0, -20, 0, 0, 2, 30],
    dataBytes: 2 * count,
    data: (view, le) => {
      for (let i = 0; i < count; i++) view.setInt16(2 * i, i, le);
    },
    ...changes,
  };
}
