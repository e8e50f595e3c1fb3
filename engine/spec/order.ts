/**
 * Orders names so that each comes after what it needs, and otherwise as they were written.
 * @param needs name to the names it needs; unknown ones are passed over.
 * @returns the order, and every cycle found as a path that ends where it began (`a, b, a`).
 */
export function dependencyOrder(needs: ReadonlyMap<string, readonly string[]>): {
  order: string[];
  cycles: string[][];
} {
  const state = new Map<string, 'open' | 'done'>();
  const order: string[] = [];
  const cycles: string[][] = [];
  for (const root of needs.keys()) {
    if (state.has(root)) continue;
    // Depth first without recursion: a long chain of steps must not exhaust the stack.
    const path: { name: string; next: number }[] = [{ name: root, next: 0 }];
    state.set(root, 'open');
    while (path.length > 0) {
      const top = path.at(-1)!;
      const need = needs.get(top.name)![top.next++];
      if (need === undefined) {
        state.set(top.name, 'done');
        order.push(top.name);
        path.pop();
      } else if (state.get(need) === 'open') {
        const names = path.map(({ name }) => name);
        cycles.push([...names.slice(names.indexOf(need)), need]);
      } else if (needs.has(need) && !state.has(need)) {
        state.set(need, 'open');
        path.push({ name: need, next: 0 });
      }
    }
  }
  return { order, cycles };
}
