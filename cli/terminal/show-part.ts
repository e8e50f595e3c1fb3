import { clip, duration } from './text.js';

/**
 * Progress of work outside of a run: one line per part. On a terminal it counts on the spot; in a pipe each part
 * leaves one line when it is over.
 */
export function showPart(): { update(part: string, done: number, total: number): void; close(): void } {
  const { stdout } = process;
  const live = stdout.isTTY === true && process.env.TERM !== 'dumb';
  let current: { part: string; since: number; drawn: number } | undefined;
  const finish = () => {
    if (!current) return;
    const took = duration((Date.now() - current.since) / 1000);
    stdout.write(`${live ? '\r\u001b[0K' : ''}${current.part}  ${took}\n`);
    current = undefined;
  };
  return {
    update(part, done, total) {
      const now = Date.now();
      if (current?.part !== part) {
        finish();
        current = { part, since: now, drawn: 0 };
      }
      if (!live || now - current!.drawn < 100) return;
      current!.drawn = now;
      stdout.write(`\r\u001b[0K${clip(`${part}  ${Math.floor((100 * done) / total)} %`, (stdout.columns || 80) - 1)}`);
    },
    close: finish,
  };
}
