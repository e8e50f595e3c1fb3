import type { Colour, Scene, Shape } from './scenes.js';

export interface FrameSize {
  readonly width: number;
  readonly height: number;
  /** Frames per second. */
  readonly fps: number;
}

/** Paints every frame of the film in order: RGB, 8 bits, rows from the top, [y, x, colour]. */
export function* paintFilm(scenes: readonly Scene[], { width, height, fps }: FrameSize): Generator<Uint8Array> {
  for (const scene of scenes) {
    const first = Math.round(scene.onset * fps);
    const last = Math.round((scene.onset + scene.duration) * fps);
    for (let frame = first; frame < last; frame++) {
      yield paintFrame(scene, (frame - first) / fps, width, height);
    }
  }
}

/** One frame of a scene, `time` seconds after its cut. Lengths in a scene are in frame heights. */
function paintFrame(scene: Scene, time: number, width: number, height: number): Uint8Array {
  const mix = texture(scene, time, width / height);
  const [a, b] = scene.colours;
  const light = scene.light[0] + (scene.light[1] - scene.light[0]) * (time / scene.duration);
  const canvas = new Float32Array(width * height * 3);
  let at = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const share = mix((column + 0.5) / height, (row + 0.5) / height);
      canvas[at++] = a[0] + (b[0] - a[0]) * share;
      canvas[at++] = a[1] + (b[1] - a[1]) * share;
      canvas[at++] = a[2] + (b[2] - a[2]) * share;
    }
  }
  for (const shape of scene.shapes) stamp(canvas, width, height, shape, time);
  const frame = new Uint8Array(canvas.length);
  for (let i = 0; i < frame.length; i++) frame[i] = Math.max(0, Math.min(255, Math.round(canvas[i]! * light * 255)));
  return frame;
}

/** The share (0..1) of the second colour at a point of the background. */
function texture(scene: Scene, time: number, aspect: number): (x: number, y: number) => number {
  const { frequency, angle, speed, grain } = scene;
  const across = Math.cos(angle);
  const along = Math.sin(angle);
  const phase = speed * time;
  const wave = (cycles: number) => 0.5 + 0.5 * Math.sin(2 * Math.PI * cycles);
  switch (scene.background) {
    case 'plain':
      return () => 0;
    case 'gradient':
      return (x, y) => 0.5 + 0.5 * (((2 * x) / aspect - 1) * across + (2 * y - 1) * along) * Math.SQRT1_2;
    case 'grating':
      return (x, y) => wave(frequency * (x * across + y * along) - phase);
    case 'plaid':
      return (x, y) =>
        0.5 * (wave(frequency * (x * across + y * along) - phase) + wave(frequency * (y * across - x * along) + phase));
    case 'checker':
      return (x, y) => {
        const u = Math.floor(frequency * (x * across + y * along) - phase);
        const v = Math.floor(frequency * (y * across - x * along));
        return (u + v) & 1;
      };
    case 'noise':
      return (x, y) => {
        const u = frequency * x - phase;
        const v = frequency * y;
        return (2 * valueNoise(u, v, grain) + valueNoise(2 * u, 2 * v, grain + 1)) / 3;
      };
    case 'landscape':
      return (x, y) => {
        const hill = 0.45 + 0.25 * valueNoise(1.5 * x + 0.3 * phase, 0.5, grain);
        return y < hill ? 0.5 * (y / hill) : 0.6 + 0.4 * valueNoise(frequency * x + phase, frequency * y, grain + 2);
      };
  }
}

/** Smooth noise in 0..1: random values on the integer lattice, interpolated with a cubic ease. */
function valueNoise(x: number, y: number, seed: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const ease = (t: number) => t * t * (3 - 2 * t);
  const u = ease(x - column);
  const v = ease(y - row);
  const top = lattice(column, row, seed) * (1 - u) + lattice(column + 1, row, seed) * u;
  const bottom = lattice(column, row + 1, seed) * (1 - u) + lattice(column + 1, row + 1, seed) * u;
  return top * (1 - v) + bottom * v;
}

function lattice(column: number, row: number, seed: number): number {
  let h = Math.imul(column, 0x27d4eb2d) ^ Math.imul(row, 0x165667b1) ^ seed;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}

function stamp(canvas: Float32Array, width: number, height: number, shape: Shape, time: number): void {
  const size = shape.size * (1 + 0.35 * Math.sin(2 * Math.PI * shape.pulse * time)) * height;
  const cx = bounce(shape.x + shape.dx * time, width / height) * height;
  const cy = bounce(shape.y + shape.dy * time, 1) * height;
  const inside = outline(shape.kind, size);
  const reach = size * 1.5;
  for (let row = Math.max(0, Math.floor(cy - reach)); row < Math.min(height, cy + reach); row++) {
    for (let column = Math.max(0, Math.floor(cx - reach)); column < Math.min(width, cx + reach); column++) {
      if (inside(column + 0.5 - cx, row + 0.5 - cy)) canvas.set(shape.colour as Colour, (row * width + column) * 3);
    }
  }
}

function outline(kind: Shape['kind'], size: number): (x: number, y: number) => boolean {
  switch (kind) {
    case 'disc':
      return (x, y) => x * x + y * y < size * size;
    case 'ring':
      return (x, y) => x * x + y * y < size * size && x * x + y * y > 0.4 * size * size;
    case 'square':
      return (x, y) => Math.abs(x) < size && Math.abs(y) < size;
    case 'bar':
      return (x, y) => Math.abs(x) < 1.5 * size && Math.abs(y) < 0.3 * size;
  }
}

/** A straight path folded back into 0..length, like a ball between two walls. */
function bounce(position: number, length: number): number {
  const folded = (((position % (2 * length)) + 2 * length) % (2 * length)) / length;
  return (folded <= 1 ? folded : 2 - folded) * length;
}
