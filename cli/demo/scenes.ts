import { type Random, seededRandom } from './random.js';

/** Red, green, blue, each 0..1. */
export type Colour = readonly [number, number, number];

export const backgrounds = ['plain', 'gradient', 'grating', 'plaid', 'checker', 'noise', 'landscape'] as const;

export interface Shape {
  readonly kind: 'disc' | 'square' | 'ring' | 'bar';
  readonly colour: Colour;
  /** Centre at the start of the scene and its speed, in frame heights (per second). Shapes bounce off the borders. */
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
  /** Half size in frame heights, and how fast it pulses (Hz). */
  readonly size: number;
  readonly pulse: number;
}

/** One shot of the film, between two cuts: everything needed to paint it at any time. */
export interface Scene {
  /** Seconds from the start of the film. */
  readonly onset: number;
  readonly duration: number;
  readonly background: (typeof backgrounds)[number];
  readonly colours: readonly [Colour, Colour];
  /** Cycles per frame height of the texture, its direction (radians), its speed (cycles per second). */
  readonly frequency: number;
  readonly angle: number;
  readonly speed: number;
  /** Light at the start and at the end of the scene: 0 is black, 1 leaves the colours as they are. */
  readonly light: readonly [number, number];
  readonly shapes: readonly Shape[];
  /** Seed of the noise textures. */
  readonly grain: number;
}

/**
 * Writes the script of the film: scenes of 3 to 12 s with hard cuts, in which texture, colours, light, and the number,
 * size and speed of moving shapes are drawn independently, so that different kernels get different series.
 * @param seconds length of the film
 * @param aspect width / height of the frame
 */
export function writeScenes(seed: string, seconds: number, aspect: number): Scene[] {
  const random = seededRandom(`${seed}/film`);
  const scenes: Scene[] = [];
  let onset = 0;
  while (onset < seconds) {
    const duration = Math.min(Math.round(random.between(3, 12)), seconds - onset);
    scenes.push(drawScene(random, onset, duration, aspect));
    onset += duration;
  }
  return scenes;
}

function drawScene(random: Random, onset: number, duration: number, aspect: number): Scene {
  const hue = random.uniform();
  const saturation = random.uniform() < 0.25 ? 0 : random.between(0.3, 1);
  const bright = random.between(0.5, 1);
  const contrast = random.between(0.15, 1);
  const light = random.between(0.5, 1);
  const shapes = Array.from({ length: random.pick([0, 0, 1, 1, 2, 3, 5, 8]) }, () => drawShape(random, aspect));
  return {
    onset,
    duration,
    background: random.pick(backgrounds),
    colours: [hsv(hue, saturation, bright), hsv(hue + random.between(0, 0.5), saturation, bright * (1 - contrast))],
    frequency: 2 ** random.between(1, 4.5),
    angle: random.between(0, Math.PI),
    speed: random.between(-1.5, 1.5),
    light: random.uniform() < 0.5 ? [light, light] : [light, random.between(0.2, 1)],
    shapes,
    grain: Math.floor(random.uniform() * 2 ** 31),
  };
}

function drawShape(random: Random, aspect: number): Shape {
  return {
    kind: random.pick(['disc', 'square', 'ring', 'bar'] as const),
    colour: hsv(random.uniform(), random.between(0.2, 1), random.between(0.2, 1)),
    x: random.uniform() * aspect,
    y: random.uniform(),
    dx: random.between(-0.5, 0.5),
    dy: random.between(-0.4, 0.4),
    size: random.between(0.04, 0.22),
    pulse: random.between(0, 0.6),
  };
}

/** Hue in turns (1 is a full circle), saturation and value 0..1. */
function hsv(hue: number, saturation: number, value: number): Colour {
  const channel = (n: number) => {
    const k = (n + hue * 6) % 6;
    return value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}
