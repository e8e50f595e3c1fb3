import path from 'node:path';
import type { JsonObject, PublishedFile, PublishTarget } from './artifact.js';
import { linkOrCopy } from './link.js';

/** What a published file is, for its sidecar. */
export interface About {
  readonly description: string;
  readonly units?: string;
  readonly facts?: JsonObject;
}

/** Path of a published file: `<dir>/<stem>_<suffix>`. */
export function publishedPath(target: PublishTarget, suffix: string): string {
  return path.join(target.dir, `${target.stem}_${suffix}`);
}

/** Puts an unchanged file among the results. */
export async function publishAsIs(
  source: string,
  target: PublishTarget,
  suffix: string,
  about: About,
  meta: JsonObject = {},
): Promise<PublishedFile> {
  const file = publishedPath(target, suffix);
  await linkOrCopy(source, file);
  return published(file, about, meta);
}

/**
 * The entry for a file that has been written. `meta` is that of the artifact: what descends from synthetic weights
 * says so in the description and as `Untrained: true`.
 */
export function published(file: string, about: About, meta: JsonObject = {}): PublishedFile {
  if (meta.untrained !== true) return { path: file, ...about };
  return {
    path: file,
    ...about,
    description: `${about.description} UNTRAINED: made with synthetic weights; it says nothing about a trained network.`,
    facts: { ...about.facts, Untrained: true },
  };
}

/** For the 79 bytes of `descrip` in a NIfTI header. */
export function descrip(text: string, meta: JsonObject = {}): string {
  return `voxreel: ${meta.untrained === true ? 'UNTRAINED, ' : ''}${text}`;
}

/** Part of a file name: what programs and BIDS would stumble over becomes a hyphen. */
export function nameForFile(name: string): string {
  return name.replace(/[^A-Za-z0-9._+]+/g, '-').replace(/^-+|-+$/g, '') || 'unnamed';
}
