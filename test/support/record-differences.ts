import { appendFileSync } from 'node:fs';
import { chai, expect } from 'vitest';

/*
 * A setup file for `node test/differences.mjs`: notes the value of every `toBeLessThan` below 1e-3, which are the
 * differences to references, with the test and the place it stands at.
 */
const file = process.env.VOXREEL_DIFFERENCES;

chai.use((_, utils) => {
  utils.overwriteMethod(
    chai.Assertion.prototype,
    'toBeLessThan',
    (original: (tolerance: number, ...rest: unknown[]) => unknown) =>
      function (this: object, tolerance: number, ...rest: unknown[]) {
        const value = utils.flag(this, 'object') as unknown;
        if (file && typeof value === 'number' && tolerance <= 1e-3) {
          const { testPath, currentTestName } = expect.getState();
          const line = /\.test\.ts:(\d+):/.exec(new Error().stack ?? '')?.[1];
          const noted = { file: testPath, test: currentTestName, line: Number(line), tolerance, value };
          appendFileSync(file, `${JSON.stringify(noted)}\n`);
        }
        return original.call(this, tolerance, ...rest);
      },
  );
});
