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
  const founders: Set<number>[] = [];
  const group = new Array<number>(clusters.length);
  for (const n of order) {
    const cluster = clusters[n]!;
    let best = -1;
    let most = 0;
    for (const [g, founder] of founders.entries()) {
      const shared = cluster.reduce((sum, voxel) => sum + (founder.has(voxel) ? 1 : 0), 0);
      if (2 * shared >= cluster.length && shared > most) [best, most] = [g, shared];
    }
    if (best < 0) best = founders.push(new Set(cluster)) - 1;
    group[n] = best;
  }
  return group;
}
