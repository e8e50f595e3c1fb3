import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../../artifacts/user-error.js';
import { newFolder } from '../../support/folders.js';
import { describeShared } from '../../support/shared.js';
import { fixtures, readWeightFile } from './read-weights.js';

/** Pseudo-random whole numbers below a limit, the same every time. */
function lottery(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describeShared('damage of any kind to a weight file', () => {
  test.each([
    ['control.safetensors', 400, 4000],
    ['control.pth', 400, 6000],
    ['control.onnx', 400, 4000],
    ['control.h5', 150, 44000],
    ['tfjs-control/model.json', 400, 2000],
    ['../narrow/pytorch/vgg16-narrow.legacy.pth', 400, 8000],
  ])(
    '%s with bytes changed or lost loads, or is refused with a message: never anything else',
    async (name, tries, reach) => {
      const source = path.join(fixtures, 'bad', name);
      const folder = await newFolder('damaged');
      await cp(path.dirname(source), folder, { recursive: true, filter: (file) => !file.endsWith('.h5') });
      const whole = await readFile(source);
      const file = path.join(folder, `damaged-${path.basename(source)}`);
      const draw = lottery(name.length);
      let refused = 0;
      for (let n = 0; n < tries; n++) {
        // Headers lie at the start of every format but zip, whose directory is at the end; what is cut may be anywhere.
        const bytes = Buffer.from(n % 4 === 0 ? whole.subarray(0, draw(whole.length)) : whole);
        for (let change = draw(4); change >= 0 && bytes.length > 0; change--) {
          const at = draw(Math.min(bytes.length, reach));
          bytes[name.endsWith('control.pth') && n % 2 === 0 ? bytes.length - 1 - at : at] = draw(256);
        }
        await writeFile(file, bytes);
        const error: unknown = await readWeightFile(file).catch((thrown: unknown) => thrown);
        if (error instanceof UserError) refused++;
        else if (error instanceof Error) throw new Error(`try ${n}: ${error.stack}`, { cause: error });
      }
      expect(refused).toBeGreaterThan(tries / 4);
    },
    60_000,
  );
});
