import type { Place, Problem } from '../../artifacts/user-error.js';
import type { Wire } from '../workflow.js';
import type { Scope } from './scope.js';

/** Puts every step after what it needs; reports cycles. */
export function orderSteps(
  scope: Scope,
  wires: ReadonlyMap<string, Readonly<Record<string, Wire | readonly Wire[]>>>,
  problems: Problem[],
): readonly string[] {
  const needs = new Map<string, { readonly step: string; readonly place: Place }[]>();
  for (const { name, foreach } of scope.steps.values()) {
    const found = Object.values(wires.get(name) ?? {}).flat() as Wire[];
    const list = found.flatMap((wire) => (wire.kind === 'step' ? [{ step: wire.step, place: wire.place }] : []));
    if (foreach?.kind === 'step')
      list.push({ step: foreach.name, place: scope.doc.placeOf(['steps', name, 'foreach']) });
    needs.set(name, list);
  }
  const { order, cycles } = dependencyOrder(
    new Map([...needs].map(([name, list]) => [name, list.map(({ step }) => step)])),
  );
  for (const cycle of cycles) {
    const [first, second] = cycle as [string, string];
    const pairs = cycle.slice(1).map((need, index) => `\`${cycle[index]}\` needs \`${need}\``);
    problems.push({
      message:
        cycle.length === 2
          ? `\`${first}\` needs its own result`
          : `these steps wait for each other: ${pairs.join(', ')}`,
      place: needs.get(first)!.find(({ step }) => step === second)!.place,
      expected: 'wires that go one way',
    });
  }
  return order;
}

/**
 * Orders names so that each comes after what it needs, and otherwise as they were written.
 * @param needs name to the names it needs; unknown ones are passed over.
 * @returns the order, and every cycle found as a path that ends where it began (`a, b, a`).
 */
function dependencyOrder(needs: ReadonlyMap<string, readonly string[]>): {
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
