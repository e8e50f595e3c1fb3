import { sameLabel } from '../../artifacts/bids-names.js';
import { UserError } from '../../artifacts/user-error.js';
import { openRunLog } from '../../cache/run-log.js';
import { openStore } from '../../cache/store.js';
import type { Plan } from '../../engine/plan.js';
import { timeText } from '../../engine/reason-text.js';
import { didYouMean, listNames } from '../../engine/spec/nearest.js';
import { whyNow, whyThen } from '../../engine/why.js';
import { defaultCache, type Instance, loadWorkflow, plan } from '../../index.js';
import { exitCode } from '../exit-code.js';
import { print } from '../streams.js';
import { studyAndNames } from '../study-file.js';
import type { CacheOptions } from '../study-options.js';
import { duration } from '../terminal/text.js';
import { whyLines } from '../terminal/why-lines.js';

/** Says why a step would run, or why it ran last, with the whole chain of causes. */
export async function whyCommand(
  words: readonly string[],
  options: CacheOptions & { json?: boolean },
): Promise<number> {
  const { file, names } = studyAndNames(words);
  const { experiment, set = [], cache } = options;
  const workflow = await loadWorkflow(file, { set, ...(experiment === undefined ? {} : { experiment }) });
  const made = await plan(workflow, cache === undefined ? {} : { cache });
  const store = await openStore(cache ?? defaultCache(workflow));
  const { baseDir } = workflow;
  for (const id of instancesNamed(made, names)) {
    const { state, record } = made.instances.find(({ instance }) => instance.id === id)!;
    const now = whyNow(made, store, id);
    const then = record && whyThen(made.graph, openRunLog(store), store, id, record.key);
    if (options.json) {
      print(
        JSON.stringify({ now, ...(record ? { key: record.key, made: record.made } : {}), ...(then ? { then } : {}) }),
      );
      continue;
    }
    if (!record) {
      print(`${id} ${state === 'run' ? 'would run' : 'may run'}, because`, ...whyLines(now, baseDir));
      continue;
    }
    print(
      `${id} is cached: made ${timeText(record.made)} in ${duration(record.seconds)}, key ${record.key.slice(0, 12)}.`,
    );
    const differs = whyLines(now, baseDir);
    if (differs.length > 0) print('Its result is another than in the last run, because', ...differs);
    if (!then) continue;
    const { run, why } = then;
    print(`${why.state === 'ran' ? 'It ran' : 'This result came into use'} in run ${run.id}, because`);
    const chain = whyLines(why, baseDir);
    print(...(chain.length > 0 ? chain : ['  it was the first run that is known']));
  }
  return exitCode.ok;
}

/** `fit`, `fit sub-03` or `fit[sub-03]`; a fanned-out step without an item means its first that is not cached. */
function instancesNamed({ instances, graph }: Plan, names: readonly string[]): string[] {
  const [name = '', item] = names.map((one) => one.replace(/^steps\./, ''));
  const id = item === undefined ? name : `${name}[${item}]`;
  if (graph.byId.has(id)) return [id];
  const items = instances.filter(({ instance }) => instance.step.name === name);
  if (item === undefined && items.length > 0) {
    return [(items.find(({ state }) => state !== 'cached') ?? items[0]!).instance.id];
  }
  const ofSubject = items.filter(({ instance }) => isOf(instance, item ?? ''));
  if (ofSubject.length > 0) return ofSubject.map(({ instance }) => instance.id);
  const known =
    items.length > 0 ? items.map(({ instance }) => instance.label ?? '') : graph.workflow.steps.map((s) => s.name);
  const asked = items.length > 0 ? item! : name;
  throw new UserError({
    message: items.length > 0 ? `the step \`${name}\` has no item \`${asked}\`` : `there is no step \`${asked}\``,
    expected: listNames(known),
    ...didYouMean(asked, known),
  });
}

/** `sub-03`, `03` or `3`; of items with several entities, any of them. */
function isOf({ entities = {}, label = '' }: Instance, item: string): boolean {
  return (
    label.split('_').includes(item) ||
    Object.entries(entities).some(([entity, value]) => sameLabel(entity, value, item))
  );
}
