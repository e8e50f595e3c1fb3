import type { Artifact, PublishedFile, PublishTarget } from './artifact.js';
import { voxelCount } from './grid.js';
import { publishRows } from './maps-publish.js';
import { fileOf, metaOf } from './meta.js';
import { createImage } from './nifti-write.js';
import { type About, descrip, publishAsIs, published, publishedPath } from './published.js';
import type { StoredThresholded } from './thresholded.js';

/** The surviving values and the cluster numbers as 4D images, the clusters as a table. */
export async function publishThresholded(
  artifact: Artifact,
  data: StoredThresholded,
  target: PublishTarget,
): Promise<readonly PublishedFile[]> {
  const { meta } = artifact;
  const { p, correction, family, df, sides, connectivity, minExtent } = data.rule;
  const facts = metaOf({
    Statistic: data.statistic,
    Threshold: data.threshold,
    ThresholdP: p,
    Correction: correction,
    CorrectedOver: family === 'all' ? 'all maps together' : family === 'map' ? 'each map' : undefined,
    DegreesOfFreedom: df,
    Sides: sides,
    Connectivity: connectivity,
    MinimumExtent: minExtent,
  });
  const values = publishedPath(target, 'desc-thresholded_statmap.nii.gz');
  const labels = publishedPath(target, 'desc-clusters_dseg.nii.gz');
  await writeBoth(artifact, data, values, labels, target.signal);
  const valuesAbout: About = {
    description: `${data.statistic} where it passed the threshold, else 0; one volume per row of ${target.stem}_rows.tsv.`,
    units: '1',
    facts,
  };
  const labelsAbout: About = {
    description: `Number of the cluster in its row, negative for negative clusters, 0 for none; one volume per row of ${target.stem}_rows.tsv.`,
    units: '1',
    facts,
  };
  const units = 'mm (positions), 1 (statistic)';
  const files = [published(values, valuesAbout, meta), published(labels, labelsAbout, meta)];
  for (const [role, description] of Object.entries(tables)) {
    if (!artifact.files[role]) continue;
    files.push(await publishAsIs(fileOf(artifact, role), target, `desc-${role}`, { description, units, facts }, meta));
  }
  return [...files, await publishRows(data.rows, target, meta)];
}

const tables = {
  'clusters.tsv': 'Clusters with size, mass, peak, centre of mass and p.',
  'peaks.tsv': 'The highest peaks of every cluster.',
  'thresholds.tsv': 'What each map had to reach, and how much did.',
};

async function writeBoth(
  artifact: Artifact,
  data: StoredThresholded,
  valueFile: string,
  labelFile: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { grid, voxels } = data.mask;
  const volumes = data.rows.length;
  const { threshold, rule } = data;
  const beyond = `${data.statistic} ${threshold === null ? `by ${rule.correction}` : `beyond ${Number(threshold.toPrecision(6))}`}`;
  const { df } = rule;
  const t = data.statistic === 't' && typeof df === 'number';
  const values = await createImage(valueFile, {
    grid,
    volumes,
    datatype: 'float32',
    description: descrip(beyond, artifact.meta),
    intent: t ? { code: 't', parameters: [df], name: 't' } : { code: 'none', name: data.statistic },
  });
  const labels = await createImage(labelFile, {
    grid,
    volumes,
    datatype: 'int32',
    description: descrip(`clusters of ${beyond}`, artifact.meta),
    intent: { code: 'label', name: 'clusters' },
  });
  const valueVolume = new Float32Array(voxelCount(grid));
  const labelVolume = new Int32Array(voxelCount(grid));
  try {
    for (let row = 0; row < volumes; row++) {
      signal?.throwIfAborted();
      const { voxel, label, value } = await data.readRows(row, row + 1);
      valueVolume.fill(0);
      labelVolume.fill(0);
      for (let entry = 0; entry < voxel.length; entry++) {
        const offset = voxels[voxel[entry]!]!;
        valueVolume[offset] = value[entry]!;
        labelVolume[offset] = label[entry]!;
      }
      await values.write(valueVolume);
      await labels.write(labelVolume);
    }
  } catch (error) {
    await values.abandon();
    await labels.abandon();
    throw error;
  }
  await values.close();
  await labels.close();
}
