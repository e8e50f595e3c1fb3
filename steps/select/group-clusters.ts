/**
 * Groups the main clusters of kernels into regions: from the largest to the smallest, each joins the group whose
 * first cluster holds the most, and at least half, of its voxels, or founds a group. Comparing with first clusters only
 * keeps chains of clusters that barely touch from becoming one region.
 *
 * @param clusters per kernel, indices into the mask
 * @returns per kernel the position of its group; groups are in the order of founding
 */
export function groupClusters(clusters: readonly Int32Array[]): number[] {
  const order = clusters.map((_, n) => n).sort((a, b) => clusters[b]!.length - clusters[a]!.length || a - b);
  const group = new Array<number>(clusters.length);
  // For each voxel the groups whose first cluster holds it, so that a cluster is compared with its neighbours only.
  const foundersAt = new Map<number, number[]>();
  let groups = 0;
  for (const n of order) {
    const cluster = clusters[n]!;
    const joined = mostShared(cluster, foundersAt);
    if (joined !== null) {
      group[n] = joined;
      continue;
    }
    for (const voxel of cluster) {
      const there = foundersAt.get(voxel);
      if (there) there.push(groups);
      else foundersAt.set(voxel, [groups]);
    }
    group[n] = groups++;
  }
  return group;
}

/** The group that holds the most voxels of the cluster (of equals the first), if that is at least half of them. */
function mostShared(cluster: Int32Array, foundersAt: ReadonlyMap<number, readonly number[]>): number | null {
  const shared = new Map<number, number>();
  for (const voxel of cluster) {
    for (const g of foundersAt.get(voxel) ?? []) shared.set(g, (shared.get(g) ?? 0) + 1);
  }
  let best: number | null = null;
  let most = 0;
  for (const [g, count] of shared) {
    if (2 * count < cluster.length) continue;
    if (count > most || (count === most && g < best!)) [best, most] = [g, count];
  }
  return best;
}
