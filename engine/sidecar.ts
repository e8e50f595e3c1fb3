import path from 'node:path';
import type { Artifact, JsonObject, PublishedFile } from '../artifacts/artifact.js';
import type { StepNode } from './workflow.js';

/** Where an artifact comes from: the instance that made it, or the user. */
export interface Origin {
  readonly instance: string;
  readonly step: StepNode;
  readonly key: string;
}

/**
 * The sidecar of each published file that gets one: `x.json` beside `x.nii.gz`, or `x.png.json` where several files
 * (`x.png`, `x.svg`) or a published `x.json` share the name. Published JSON files speak for themselves.
 */
export function sidecarNames(files: readonly string[]): Map<string, string> {
  const published = new Set(files);
  const owners = new Map<string, number>();
  for (const file of files) owners.set(sidecarOf(file), (owners.get(sidecarOf(file)) ?? 0) + 1);
  const names = new Map<string, string>();
  for (const file of files) {
    if (file.endsWith('.json')) continue;
    const short = sidecarOf(file);
    const alone = owners.get(short) === 1 && !published.has(short);
    names.set(file, alone ? short : `${file}.json`);
  }
  return names;
}

function sidecarOf(file: string): string {
  const { dir, base } = path.parse(file);
  return path.join(dir, `${base.replace(/(\.nii\.gz|\.[^.]+)$/, '')}.json`);
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
