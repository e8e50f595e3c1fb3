import path from 'node:path';
import type { Artifact, JsonObject } from './artifact.js';

/** An artifact, or what a step hands over. */
type Described = { readonly meta?: JsonObject; readonly type?: string; readonly origin?: string };

/** A number that the type promises in `meta`. Its absence is a bug of the step that made the artifact. */
export function numberIn(artifact: Described, key: string): number {
  const value = artifact.meta?.[key];
  if (typeof value === 'number') return value;
  throw new Error(`${artifact.origin ?? 'an artifact'} (${artifact.type ?? '?'}) has no number "${key}" in its meta`);
}

/** A text that the type promises in `meta`. */
export function textIn(artifact: Described, key: string): string {
  const value = artifact.meta?.[key];
  if (typeof value === 'string') return value;
  throw new Error(`${artifact.origin ?? 'an artifact'} (${artifact.type ?? '?'}) has no text "${key}" in its meta`);
}

/** `{ untrained: true }` for what descends from synthetic weights, else nothing: to be spread into data or meta. */
export function untrainedOf(...sources: readonly { readonly untrained?: unknown }[]): { untrained?: true } {
  return sources.some((source) => source.untrained === true) ? { untrained: true } : {};
}

/** The path of a role; its absence is a bug. */
export function fileOf(
  artifact: { readonly files: Artifact['files']; readonly origin?: string },
  role: string,
): string {
  const file = artifact.files[role];
  if (file) return file;
  throw new Error(
    `${artifact.origin ?? 'an artifact'} has no file "${role}", only ${Object.keys(artifact.files).join(', ')}`,
  );
}

/** Files of a folder by role, where each is named by its role. */
export function filesAt(dir: string, roles: readonly string[]): Record<string, string> {
  return Object.fromEntries(roles.map((role) => [role, path.join(dir, role)]));
}

/** Path of a NIfTI image, whose role is `<stem>.nii.gz` or, uncompressed, `<stem>.nii`. */
export function niftiFile(
  artifact: { readonly files: Artifact['files']; readonly origin?: string },
  stem: 'image' | 'mask' | 'atlas',
): string {
  return artifact.files[`${stem}.nii`] ?? fileOf(artifact, `${stem}.nii.gz`);
}

/** The role for a NIfTI file by the ending of its name. */
export function niftiRole(stem: 'image' | 'mask' | 'atlas', file: string): string {
  return file.endsWith('.nii') ? `${stem}.nii` : `${stem}.nii.gz`;
}

/** Drops undefined entries, which are not JSON. */
export function metaOf(values: Readonly<Record<string, JsonObject[string] | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as JsonObject;
}
