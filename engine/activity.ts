/** Counts pieces of work under way, to know when there is none left. */
export interface Activity {
  track(work: Promise<void>): void;
  /** Resolves when nothing is under way, or when given up. Rejects with the first error that a piece of work throws. */
  ended(): Promise<void>;
  /** Stops waiting for what is still under way. */
  giveUp(): void;
  readonly abandoned: boolean;
}

export function trackActivity(): Activity {
  let active = 0;
  let abandoned = false;
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return {
    get abandoned() {
      return abandoned;
    },
    track(work) {
      active++;
      work.then(() => {
        if (--active === 0) resolve();
      }, reject);
    },
    ended() {
      if (active === 0) resolve();
      return done;
    },
    giveUp() {
      abandoned = true;
      resolve();
    },
  };
}
