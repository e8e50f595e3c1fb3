import type { Artifact, JsonObject, PublishedFile } from '../artifacts/artifact.js';
import { sidecarOf } from '../artifacts/bids-names.js';
import type { StepNode } from './workflow.js';

/** Where an artifact comes from: the instance that made it, or the user. */
export interface Origin {
  readonly instance: string;
  readonly step: StepNode;
  readonly key: string;
}

/**
 * The sidecars of published files, by name: `x.json` is about `x.nii.gz`, as in BIDS. Files that differ in their ending only
 * (a figure as PNG and SVG, an atlas with its table) are one thing in several forms and share it; the first of them is the
 * one it describes. Published JSON files speak for themselves and are never replaced.
 */
export function sidecarOwners(files: readonly string[]): Map<string, string> {
  const owners = new Map<string, string>();
  for (const file of files) {
    const name = sidecarOf(file);
    if (!files.includes(name) && !owners.has(name)) owners.set(name, file);
  }
  return owners;
}

/** What a file is and how it came to be, with keys as BIDS sidecars write them. */
export function sidecar(
  file: PublishedFile,
  artifact: Artifact,
  context: { readonly workflow: string; readonly experiment: string; readonly version: string; readonly made?: Origin },
): JsonObject {
  const { workflow, experiment, version, made } = context;
  return {
    Description: file.description,
    ...(file.units === undefined ? {} : { Units: file.units }),
    ...file.facts,
    ...(artifact.meta.untrained === true ? { Untrained: true } : {}),
    Workflow: workflow,
    Experiment: experiment,
    ...(made
      ? {
          Step: made.step.type.name,
          StepVersion: made.step.type.version,
          Instance: made.instance,
          Parameters: made.step.params,
          Key: made.key,
        }
      : { Source: artifact.origin }),
    Type: artifact.type,
    Digest: artifact.digest,
    VoxreelVersion: version,
  };
}
