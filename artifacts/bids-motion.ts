import { numericColumn, readTable } from './table.js';
import { UserError } from './user-error.js';

/** Limits beyond which a run is left out, on framewise displacement (Power et al. 2012, 50 mm sphere) as fMRIPrep gives it. */
export interface MotionLimits {
  /** Mean over the volumes, mm. */
  readonly mean_fd?: number;
  /** Largest value, mm. */
  readonly max_fd?: number;
  /** More than the share `share` (0 to 1) of the volumes lies above `fd` mm. */
  readonly share_fd_above?: { readonly fd: number; readonly share: number };
}

/** Why a run is to be left out, or null. The first volume has no displacement (`n/a`) and does not count. */
export async function tooMuchMotion(confounds: string, limits: MotionLimits): Promise<string | null> {
  const column = numericColumn(await readTable(confounds), 'framewise_displacement', confounds);
  const fd = column.filter((value) => !Number.isNaN(value));
  if (fd.length === 0) {
    throw new UserError({
      message: 'every framewise displacement is n/a',
      place: { file: confounds, what: 'framewise_displacement' },
      expected: 'mm, so that "exclude" can be applied',
    });
  }
  const mean = fd.reduce((sum, value) => sum + value, 0) / fd.length;
  const largest = fd.reduce((most, value) => Math.max(most, value), 0);
  const { mean_fd, max_fd, share_fd_above: share } = limits;
  if (mean_fd !== undefined && mean > mean_fd) {
    return `mean framewise displacement ${mean.toFixed(3)} mm is above ${mean_fd} mm`;
  }
  if (max_fd !== undefined && largest > max_fd) {
    return `largest framewise displacement ${largest.toFixed(3)} mm is above ${max_fd} mm`;
  }
  if (share !== undefined) {
    const above = fd.filter((value) => value > share.fd).length;
    if (above / fd.length > share.share) {
      return `${above} of ${fd.length} volumes have a framewise displacement above ${share.fd} mm, more than the share ${share.share}`;
    }
  }
  return null;
}
