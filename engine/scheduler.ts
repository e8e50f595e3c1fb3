/** Something that is ready to run and what it takes. */
export interface Task {
  readonly id: string;
  readonly cores: number;
  readonly memoryMB: number;
  /** Lower goes first. No two tasks share a rank. */
  readonly rank: number;
}

export interface Limits {
  readonly cores: number;
  readonly memoryMB: number;
  /** Tasks at once. */
  readonly jobs: number;
  /** MB that other programs leave free at the moment; a task that asks for more waits as long as another one runs. */
  readonly freeMB?: () => number;
}

export interface Scheduler {
  add(task: Task): void;
  /** Takes the first task by rank that fits into what is free; undefined when none does. */
  take(): Task | undefined;
  /** Gives back what a taken task held. */
  release(task: Task): void;
  /** Cores that no taken task holds. */
  readonly idleCores: number;
}

/**
 * Hands out ready tasks within cores, memory and number. The order depends on ranks only, never on the order of adding,
 * so a given set of ready tasks always starts in the same order. A task that asks for more than there is runs alone;
 * smaller tasks may overtake one that does not fit yet (a graph is finite, so it waits, but not for ever).
 */
export function createScheduler(limits: Limits): Scheduler {
  const queue: Task[] = [];
  let cores = 0;
  let memoryMB = 0;
  let running = 0;
  const fits = (task: Task, freeMB: number) =>
    running === 0 ||
    (running < limits.jobs &&
      cores + task.cores <= limits.cores &&
      memoryMB + task.memoryMB <= limits.memoryMB &&
      task.memoryMB <= freeMB);
  return {
    get idleCores() {
      return Math.max(0, limits.cores - cores);
    },
    add(task) {
      let low = 0;
      let high = queue.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (queue[middle]!.rank < task.rank) low = middle + 1;
        else high = middle;
      }
      queue.splice(low, 0, task);
    },
    take() {
      if (queue.length === 0 || running >= Math.max(1, limits.jobs)) return undefined;
      const freeMB = limits.freeMB?.() ?? Number.POSITIVE_INFINITY;
      const index = queue.findIndex((task) => fits(task, freeMB));
      if (index < 0) return undefined;
      const [task] = queue.splice(index, 1);
      running++;
      cores += task!.cores;
      memoryMB += task!.memoryMB;
      return task;
    },
    release(task) {
      running--;
      cores -= task.cores;
      memoryMB -= task.memoryMB;
    },
  };
}
