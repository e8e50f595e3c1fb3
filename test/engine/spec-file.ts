import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect } from 'vitest';
import { UserError } from '../../artifacts/user-error.js';
import { type LoadOptions, loadWorkflow } from '../../engine/spec/load.js';
import type { Workflow } from '../../engine/workflow.js';
import { testRegistry } from './spec-registry.js';

const dir = await mkdtemp(path.join(os.tmpdir(), 'voxreel-spec-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

export const studyDir = dir;
export const studyFile = path.join(dir, 'study.yaml');

/** Writes a workflow file, without the indentation it has in the test. */
export async function study(text: string): Promise<string> {
  await writeFile(studyFile, dedent(text));
  return studyFile;
}

export async function load(text: string, options: Partial<LoadOptions> = {}): Promise<Workflow> {
  return loadWorkflow(await study(text), { registry: testRegistry, ...options });
}

/** The problems that a file gives, each as `line:column message | expected | hint`. */
export async function problemsOf(text: string, options: Partial<LoadOptions> = {}): Promise<string[]> {
  return (await failure(load(text, options))).map(({ message, place, expected, hint }) => {
    const at = place?.line === undefined ? `${place?.file}` : `${place.line}:${place.column}`;
    return [`${at} ${message}`, expected, hint].filter(Boolean).join(' | ');
  });
}

export async function failure(promise: Promise<unknown>): Promise<UserError['problems']> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).problems;
  }
  throw new Error('no problem was found');
}

/** A text without the indentation it has in the test. */
export function dedent(text: string): string {
  const lines = text.replace(/^\n/, '').replace(/\n *$/, '\n').split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)![0].length);
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n');
}

/** A study without fault. */
export const sound = `
  voxreel: 1
  name: night
  params: { tr: 2, noise: white, p: 0.001 }
  inputs:
    movie: { type: film, path: movie.mp4 }
    people: { type: cohort, people: 3 }
  steps:
    frames:
      uses: cut
      in: { film: inputs.movie }
      with: { window: "\${params.tr}" }
    fit:
      uses: model
      foreach: inputs.people
      in: { scan: item.scan, region: item.region, pictures: steps.frames }
      with: { noise: "\${params.noise}" }
    group:
      uses: pool
      in: { fits: steps.fit }
      with: { p: "\${params.p}" }
  outputs:
    where: steps.group
    quality: steps.fit.report
  experiments:
    strict: { p: 0.00001 }
    windows: { noise: white, matrix: { tr: [1, 2.5], p: [0.1, 0.01] } }
`;
