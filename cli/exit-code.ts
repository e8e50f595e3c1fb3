/** What a process of voxreel ends with; scripts may rely on these. */
export const exitCode = {
  ok: 0,
  /** A step failed (or voxreel itself: a bug). */
  failed: 1,
  /** The workflow file, an input or the command line is wrong; nothing ran. */
  usage: 2,
  /** `verify`: the workflow file or an input is not the one of the lock file. */
  outdated: 3,
  /** Stopped by Ctrl-C or SIGTERM. */
  interrupted: 130,
} as const;
