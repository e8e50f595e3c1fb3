/**
 * Clusters of a volume in the plainest way, as an alternative: from every voxel that is not yet labelled, all that can be
 * reached over faces and edges. `values` lie at the increasing `offsets` of a volume of `dim`. Returns the sizes.
 */
export function floodFill(
  values: Float32Array,
  offsets: Int32Array,
  [nx, ny, nz]: readonly [number, number, number],
  height: number,
): number[] {
  const passes = new Uint8Array(nx * ny * nz);
  offsets.forEach((offset, v) => {
    passes[offset] = values[v]! >= height ? 1 : 0;
  });
  const labels = new Int32Array(passes.length);
  const sizes: number[] = [];
  for (const seed of offsets) {
    if (!passes[seed] || labels[seed]) continue;
    const stack = [seed];
    labels[seed] = sizes.length + 1;
    let size = 0;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      size += 1;
      const [x, y, z] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
      for (let dz = -1; dz <= 1; dz++)
        for (let dy = -1; dy <= 1; dy++)
          for (let dx = -1; dx <= 1; dx++) {
            const within = x + dx >= 0 && x + dx < nx && y + dy >= 0 && y + dy < ny && z + dz >= 0 && z + dz < nz;
            if (!within || Math.abs(dx) + Math.abs(dy) + Math.abs(dz) > 2) continue;
            const other = at + dx + nx * (dy + ny * dz);
            if (!passes[other] || labels[other]) continue;
            labels[other] = sizes.length + 1;
            stack.push(other);
          }
    }
    sizes.push(size);
  }
  return sizes;
}
