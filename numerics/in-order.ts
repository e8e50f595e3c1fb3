/** Work that is under way, whose results are used in the order in which it was begun. */
export interface InOrder<R> {
  /** Takes work that has begun; waits while too much is under way. */
  add(work: Promise<R>): Promise<void>;
  /** Uses what is still under way. */
  end(): Promise<void>;
}

/** At most `ahead` pieces of work are begun and not yet used, so memory is bounded. */
export function inOrder<R>(ahead: number, use: (result: R) => void | Promise<void>): InOrder<R> {
  const running: Promise<R>[] = [];
  const useNext = async () => use(await running.shift()!);
  return {
    async add(work) {
      // Awaited in order; a failure of a later piece must not count as unhandled until then.
      work.catch(() => {});
      running.push(work);
      if (running.length >= ahead) await useNext();
    },
    async end() {
      while (running.length > 0) await useNext();
    },
  };
}
