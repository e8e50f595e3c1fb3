import type { FramesData } from '../../artifacts/frames.js';
import { UserError } from '../../artifacts/user-error.js';

interface Asked {
  readonly window?: number;
  readonly duration?: number;
}

/**
 * Length and number of windows: those of the pictures where they are wired, else as asked; no number where nothing limits
 * them. Throws UserError for both at once.
 */
export function windowsWanted(
  frames: Pick<FramesData, 'rows' | 'window'> | undefined,
  origin: string | undefined,
  { window, duration }: Asked,
): { window: number; count?: number } {
  if (!frames) {
    const length = window ?? 2;
    return { window: length, ...(duration !== undefined && { count: Math.ceil(duration / length - 1e-9) }) };
  }
  const given =
    duration !== undefined ? 'duration' : window !== undefined && window !== frames.window ? 'window' : null;
  if (!given) return { window: frames.window, count: frames.rows.length };
  throw new UserError({
    message: `"${given}" is ${duration ?? window} s, and the windows are those of ${origin}: ${frames.rows.length} of ${frames.window} s`,
    expected: `no "${given}", or no \`frames\` under \`in\``,
    keys: [given],
  });
}
