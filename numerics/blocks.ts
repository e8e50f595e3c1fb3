import { inOrder } from './in-order.js';

/**
 * Works through `total` items in blocks of `size`: `start` begins a block (reads it, sends it to the pool), `use` takes
 * the results in order. At most `ahead` blocks are begun and not yet used, so memory is bounded. Where blocks begin
 * depends on `total` and `size` only, never on the number of threads: that keeps results bit-identical.
 */
export async function inBlocks<R>(
  { total, size, ahead }: { total: number; size: number; ahead: number },
  start: (first: number, end: number) => Promise<R>,
  use: (result: R, first: number, end: number) => void | Promise<void>,
): Promise<void> {
  const blocks = inOrder<{ result: R; first: number; end: number }>(ahead, ({ result, first, end }) =>
    use(result, first, end),
  );
  for (let first = 0; first < total; first += size) {
    const end = Math.min(total, first + size);
    await blocks.add(start(first, end).then((result) => ({ result, first, end })));
  }
  await blocks.end();
}
