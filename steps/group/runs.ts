import type { Artifact } from '../../artifacts/artifact.js';
import { readFit, type StoredFit } from '../../artifacts/fit.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { readMaps } from '../../artifacts/maps.js';
import type { Mask } from '../../artifacts/mask.js';
import { UserError } from '../../artifacts/user-error.js';
import type { RunPayload } from '../../numerics/glm/group-task.js';
import type { FitModel } from '../../numerics/glm/model.js';
import { type ModelOfRows, modelOf } from '../glm/fit-model.js';

/** Effects of one subject and run: a `fit`, from which they are computed, or `maps` that hold them. */
export interface Run {
  /** `sub-01_run-2`, else what the artifact is called. */
  readonly name: string;
  readonly mask: Mask;
  readonly kernels: readonly Kernel[];
  readonly noise: string;
  readonly df: number | undefined;
  readonly untrained: boolean;
  /** What a voxel takes in a task. */
  readonly bytesPerVoxel: number;
  /** The fit and what tasks get of it; absent for maps. */
  readonly fitted?: { readonly fit: StoredFit; readonly model: FitModel };
  /** What a task needs of some voxels: `rows` are their places in this run's mask, increasing. */
  read(rows: Int32Array, errors: boolean): Promise<RunPayload>;
}

/** The model of a fit whose kernels have one column each. */
const oneColumn = (fit: StoredFit): ModelOfRows => ({ model: modelOf(fit), kernels: fit.kernels });

/** Throws UserError for maps that are not effects of a subject, and for what `rows` refuses. */
export async function readRun(
  artifact: Artifact,
  errors: boolean,
  rows: (fit: StoredFit) => ModelOfRows = oneColumn,
): Promise<Run> {
  return artifact.type === 'maps' ? runOfMaps(artifact, errors) : runOfFit(artifact, rows);
}

async function runOfFit(artifact: Artifact, rowsOfFit: (fit: StoredFit) => ModelOfRows): Promise<Run> {
  const fit = await readFit(artifact);
  const { model, kernels } = rowsOfFit(fit);
  return {
    name: nameOf(artifact),
    mask: fit.mask,
    kernels,
    noise: fit.noise,
    df: fit.df,
    untrained: fit.untrained === true,
    bytesPerVoxel: fit.volumes * 8,
    fitted: { fit, model },
    read: async (rows) => {
      const [from, to] = rangeOf(rows);
      const series = await fit.readBold(from, to);
      return {
        model,
        bold: to - from === rows.length ? series : picked(series, rows, from, fit.volumes),
        ...(fit.rho && { rho: Float64Array.from(rows, (row) => fit.rho![row]!) }),
      };
    },
  };
}

async function runOfMaps(artifact: Artifact, errors: boolean): Promise<Run> {
  const maps = await readMaps(artifact);
  const name = nameOf(artifact);
  const held = Object.keys(maps.statistics);
  const needed = errors ? ['effect', 'se'] : ['effect'];
  const missing = needed.filter((statistic) => !held.includes(statistic));
  if (maps.kind !== 'subject' || missing.length > 0) {
    throw new UserError({
      message:
        maps.kind === 'subject'
          ? `the maps ${name} have no ${missing.join(' and no ')}, only ${held.join(', ')}`
          : `the maps ${name} are not those of a subject (${maps.kind})`,
      expected:
        'maps of one subject each, from "contrast", "joint" or "combine", with effect (and se where runs are weighted by precision)',
    });
  }
  const { mask, more } = maps;
  // An F contrast of "joint" has no effect to test.
  const types = (more?.contrastTypes ?? []) as readonly string[];
  const kernels = maps.rows.map((row, k) => (types[k] === 'F' ? { ...row, status: 'F contrast' } : row));
  const columns = async (statistic: string, rows: Int32Array) => {
    const [from, to] = rangeOf(rows);
    const block = await maps.readColumns(statistic, from, to);
    const out = new Float64Array(kernels.length * rows.length);
    for (let k = 0; k < kernels.length; k++) {
      for (let v = 0; v < rows.length; v++) out[k * rows.length + v] = block[k * (to - from) + rows[v]! - from]!;
    }
    return out;
  };
  return {
    name,
    mask,
    kernels,
    noise: typeof more?.noise === 'string' ? more.noise : 'unknown',
    df: maps.df,
    untrained: maps.untrained === true,
    bytesPerVoxel: kernels.length * 16,
    read: async (rows, withErrors) => ({
      effect: await columns('effect', rows),
      ...(withErrors && { se: await columns('se', rows) }),
    }),
  };
}

function nameOf({ label, origin }: Artifact): string {
  return label ?? origin;
}

/** From the first of increasing rows to behind the last. */
function rangeOf(rows: Int32Array): [number, number] {
  return [rows[0]!, rows.at(-1)! + 1];
}

function picked(series: Float64Array, rows: Int32Array, from: number, time: number): Float64Array {
  const out = new Float64Array(rows.length * time);
  rows.forEach((row, v) => {
    out.set(series.subarray((row - from) * time, (row - from + 1) * time), v * time);
  });
  return out;
}
