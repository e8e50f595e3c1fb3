export interface WavFormat {
  readonly rate: number;
  readonly channels: number;
}

export interface WavReader {
  /** Null when the stream ends before it has told its format. */
  readonly format: Promise<WavFormat | null>;
  /** The data chunk as float32, whole samples of all channels; to be read once, after `format`. */
  samples(): AsyncGenerator<Float32Array>;
}

/**
 * Reads a WAV file of float32 samples (RIFF, little-endian) while it is written: lengths in its header do not count, since a
 * program that writes to a pipe cannot know them; the data goes on to the end of the stream.
 */
export function wavReader(stream: AsyncIterable<Buffer>): WavReader {
  const chunks = stream[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const { value, done } = await chunks.next();
    if (!done) rest = Buffer.concat([rest, value]);
    return !done;
  };
  const atLeast = async (bytes: number): Promise<boolean> => {
    while (rest.length < bytes) if (!(await more())) return false;
    return true;
  };
  const readFormat = async (): Promise<WavFormat | null> => {
    if (!(await atLeast(12))) return null;
    rest = rest.subarray(12);
    let format: WavFormat | null = null;
    for (;;) {
      if (!(await atLeast(8))) return null;
      const name = rest.toString('latin1', 0, 4);
      const length = rest.readUInt32LE(4);
      rest = rest.subarray(8);
      if (name === 'data') return format;
      if (!(await atLeast(length + (length % 2)))) return null;
      if (name === 'fmt ') format = { channels: rest.readUInt16LE(2), rate: rest.readUInt32LE(4) };
      rest = rest.subarray(length + (length % 2));
    }
  };
  const format = readFormat();
  return {
    format,
    async *samples() {
      const bytes = 4 * (await format)!.channels;
      try {
        do {
          const whole = rest.length - (rest.length % bytes);
          // A copy, whose first byte lies at a multiple of four.
          if (whole > 0) yield new Float32Array(Uint8Array.from(rest.subarray(0, whole)).buffer);
          rest = rest.subarray(whole);
        } while (await more());
      } finally {
        // Whoever has enough lets go of the stream; otherwise the program at its other end would wait for ever.
        await chunks.return?.();
      }
    },
  };
}
