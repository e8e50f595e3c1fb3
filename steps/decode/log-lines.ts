/**
 * What ffmpeg says on its error stream, read with `-loglevel level+info`: the only place where it tells lengths,
 * sizes and time stamps without ffprobe. The wording is the same from version 4.0 to 7.
 */

/** Splits a stream of text pieces into lines and hands each to `take`. Call `end` for the last one. */
export function lineSplitter(take: (line: string) => void): { push(text: string): void; end(): void } {
  let rest = '';
  return {
    push(text) {
      const lines = (rest + text).split(/[\r\n]+/);
      rest = lines.pop()!;
      for (const line of lines) if (line) take(line);
    },
    end() {
      if (rest) take(rest);
      rest = '';
    },
  };
}

/** The seconds of a line `Duration: 00:05:48.80, start: …`; null for other lines and for `N/A`. Given to 10 ms. */
export function durationOf(line: string): number | null {
  const match = /Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)/.exec(line);
  return match ? Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]) : null;
}

/** Transfer of high dynamic range in a line `Stream #0:0: Video: …, yuv420p10le(tv, bt2020nc/bt2020/smpte2084), …`, or null. */
export function hdrOf(line: string): 'pq' | 'hlg' | null {
  if (/\bsmpte2084\b/.test(line)) return 'pq';
  return /\barib-std-b67\b/.test(line) ? 'hlg' : null;
}

export interface FirstFrame {
  /** Pixels, upright: ffmpeg turns frames before any filter sees them. */
  readonly width: number;
  readonly height: number;
  /** Width of a pixel over its height; 1 when the file does not say. */
  readonly aspect: number;
  readonly interlaced: boolean;
}

/** What the `showinfo` filter says of the first frame: `n: 0 pts: … sar:64/45 s:720x576 i:T …`; null for other lines. */
export function firstFrameOf(line: string): FirstFrame | null {
  const match = /\bn: *0 pts:.* sar:(\d+)\/(\d+) s:(\d+)x(\d+) i:(\w)/.exec(line);
  if (!match) return null;
  const [across, down, width, height] = match.slice(1, 5).map(Number);
  const aspect = across! > 0 && down! > 0 ? across! / down! : 1;
  return { width: width!, height: height!, aspect, interlaced: match[5] !== 'P' };
}

/** An error of ffmpeg or of one of its parts, without addresses; null for information and warnings. */
export function errorOf(line: string): string | null {
  const match = /^(?:\[([^\]@]*?)(?: @ [^\]]*)?\] )?\[(?:error|fatal|panic)\] (.*)$/.exec(line);
  if (!match) return null;
  return match[1] ? `${match[1]}: ${match[2]}` : match[2]!;
}

/**
 * Follows the `showinfo` filter: it announces its time base (again whenever the stream changes), then one line per
 * frame. `read` returns the time stamp of a frame line in seconds, NaN when the frame has none, null for other lines.
 */
export function timeStampReader(): (line: string) => number | null {
  let unit = Number.NaN;
  return (line) => {
    const base = /config in time_base: (\d+)\/(\d+)/.exec(line);
    if (base) unit = Number(base[1]) / Number(base[2]);
    const frame = /\bn: *\d+ pts: *(-?\d+|NOPTS)\b/.exec(line);
    if (!frame) return null;
    return frame[1] === 'NOPTS' ? Number.NaN : Number(frame[1]) * unit;
  };
}
