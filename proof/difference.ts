import type { Artifact } from '../artifacts/artifact.js';
import { sameGrid } from '../artifacts/grid.js';
import { readKernels } from '../artifacts/kernels.js';
import { followsFromOthers } from '../artifacts/maps.js';
import { type Mask, readMask } from '../artifacts/mask.js';
import { ArrayComparison } from '../numerics/array-difference.js';
import { type Content, contentsOf } from './contents.js';
import { fingerprintOf } from './fingerprint.js';
import type { LockedValue } from './lock-file.js';
import { type NumberDifference, withPlaces } from './number-difference.js';
import { comparePassed, type PassedDifference } from './passed-difference.js';
import { type PeakShift, PeakShifts } from './peak-shift.js';

/** How a content differs from the locked one. */
export interface ContentDifference {
  readonly name: string;
  readonly kind: Content['kind'];
  /** Absent where shapes or masks differ. Of what passed a threshold: in voxels that passed in both. */
  readonly numbers?: NumberDifference;
  /** Of thresholded maps. */
  readonly passed?: PassedDifference;
  /** Of maps, thresholded or not. */
  readonly peaks?: PeakShift;
}

/**
 * Compares what is left of a locked result with what was found, number by number.
 * @param names contents to be compared; those that only one of the two has are passed over
 * @returns undefined when `kept` is not what was locked
 */
export async function differencesOf(
  locked: LockedValue,
  kept: Artifact,
  found: Artifact,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<ContentDifference[] | undefined> {
  const [before, after] = [await contentsOf(kept), await contentsOf(found)];
  const mask = await commonMask(kept, found);
  const differences: ContentDifference[] = [];
  for (const name of names) {
    const [was, is] = [before, after].map((contents) => contents.find((one) => one.name === name));
    if (!locked.contents[name] || !is) continue;
    if (!was || (await fingerprintOf(was, signal)).digest !== locked.contents[name].digest) return undefined;
    const byVoxel = was.kind === 'sparse' || name.endsWith('.npy');
    if (was.kind !== is.kind || String(was.shape) !== String(is.shape) || (byVoxel && mask === 'differs'))
      differences.push({ name, kind: is.kind });
    else
      differences.push({
        name,
        kind: is.kind,
        ...(await compareContents(was, is, await peaksOf(found, mask), signal)),
      });
  }
  return differences;
}

async function compareContents(
  was: Content,
  is: Content,
  peaks: PeakShifts | undefined,
  signal: AbortSignal | undefined,
): Promise<Omit<ContentDifference, 'name' | 'kind'>> {
  if (was.kind === 'sparse') return comparePassed(was, is, peaks!, signal);
  const ofMaps = peaks && was.name.endsWith('.npy') && !followsFromOthers(was.name) ? peaks : undefined;
  const comparison = new ArrayComparison();
  const others = is.blocks()[Symbol.asyncIterator]();
  let first = 0;
  try {
    for await (const { values: a } of was.blocks()) {
      signal?.throwIfAborted();
      const { value, done } = await others.next();
      // Pictures of another size.
      if (done || value.values.length !== a.length) return {};
      comparison.add(a, value.values, first);
      ofMaps?.addRows(a, value.values, first);
      first += a.length;
    }
  } finally {
    await others.return?.();
  }
  const numbers = await withPlaces(comparison.result(), (at) => is.place(at));
  return { numbers, ...(ofMaps ? { peaks: ofMaps.result() } : {}) };
}

/** For the peaks of maps, thresholded or not; undefined for other artifacts. */
async function peaksOf({ type, files }: Artifact, mask: Mask | 'differs' | undefined): Promise<PeakShifts | undefined> {
  if (mask === undefined || mask === 'differs' || (type !== 'maps' && type !== 'thresholded')) return undefined;
  return new PeakShifts(mask, await readKernels(files['rows.tsv']!));
}

/** The mask that both have; undefined where neither has one. */
async function commonMask(a: Artifact, b: Artifact): Promise<Mask | 'differs' | undefined> {
  const [fileA, fileB] = [a.files['mask.nii.gz'], b.files['mask.nii.gz']];
  if (fileA === undefined && fileB === undefined) return undefined;
  if (fileA === undefined || fileB === undefined) return 'differs';
  const [p, q] = [await readMask(fileA), await readMask(fileB)];
  const same = p.voxels.length === q.voxels.length && p.voxels.every((voxel, v) => voxel === q.voxels[v]);
  return same && sameGrid(p.grid, q.grid) ? p : 'differs';
}
