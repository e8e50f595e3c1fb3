import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ResolvedItem } from '../../artifacts/artifact.js';
import { expandGraph } from '../../engine/graph.js';
import { resolveInputs } from '../../engine/spec/inputs.js';
import type { Graph, Instance, Source } from '../../engine/workflow.js';
import { failure, load, sound } from './spec-file.js';
import { testRegistry } from './spec-registry.js';

async function graphOf(text: string): Promise<Graph> {
  const workflow = await load(text);
  return expandGraph(workflow, await resolveInputs(workflow, testRegistry));
}

/** What an instance gets, in short: `fit[p1]` or the origin of a file. */
function sources(instance: Instance): Record<string, string | string[]> {
  const short = (source: Source) => (source.kind === 'input' ? source.input.origin : `${source.id}.${source.port}`);
  return Object.fromEntries(
    Object.entries(instance.inputs).map(([port, source]) => [
      port,
      Array.isArray(source) ? source.map(short) : short(source as Source),
    ]),
  );
}

function table(graph: Graph): Record<string, Record<string, string | string[]>> {
  return Object.fromEntries(graph.instances.map((instance) => [instance.id, sources(instance)]));
}

describe('a fan-out', () => {
  test('makes one instance per item, paired by label, and a list in the order of the items', async () => {
    const graph = await graphOf(sound);
    expect(table(graph)).toEqual({
      frames: { film: 'movie' },
      'fit[p1]': { scan: 'p1.scan', region: 'p1.region', pictures: 'frames.pictures' },
      'fit[p2]': { scan: 'p2.scan', region: 'p2.region', pictures: 'frames.pictures' },
      'fit[p3]': { scan: 'p3.scan', region: 'p3.region', pictures: 'frames.pictures' },
      group: { fits: ['fit[p1].fit', 'fit[p2].fit', 'fit[p3].fit'] },
    });
    expect(graph.byId.get('fit[p2]')).toMatchObject({ label: 'p2', entities: { person: '2' } });
    expect(graph.byId.get('group')!.label).toBeUndefined();
  });

  test('gives outputs with label and entities, one per item', async () => {
    const graph = await graphOf(sound);
    expect(graph.outputs.get('where')).toEqual([{ source: { kind: 'instance', id: 'group', port: 'region' } }]);
    expect(graph.outputs.get('quality')!.map(({ label, entities }) => [label, entities])).toEqual([
      ['p1', { person: '1' }],
      ['p2', { person: '2' }],
      ['p3', { person: '3' }],
    ]);
  });

  const second = `
    again:
      uses: model
      foreach: FOREACH
      in: { scan: inputs.people.scan, region: REGION, pictures: steps.frames }
    group:`;

  test('goes on through a step that is fanned out, by its own name or by that of the collection', async () => {
    for (const foreach of ['steps.fit', 'inputs.people']) {
      const own = second.replace('FOREACH', foreach).replace('region: REGION, ', '');
      const graph = await graphOf(sound.replace('\n    group:', own));
      expect(table(graph)['again[p2]']).toEqual({ scan: 'p2.scan', pictures: 'frames.pictures' });
    }
  });

  test('over a step offers the outputs of that step as items', async () => {
    const text = sound.replace(
      '\n    group:',
      '\n    sum:\n      uses: pool\n      foreach: steps.fit\n      in: { fits: item.fit, regions: inputs.people.region }\n      with: { p: 1 }\n    group:',
    );
    expect(table(await graphOf(text))['sum[p3]']).toEqual({ fits: ['fit[p3].fit'], regions: ['p3.region'] });
  });

  test('of one collection arrives whole in a step that goes through another', async () => {
    const text = sound
      .replace('people: { type', 'others: { type: cohort, people: 2 }\n    people: { type')
      .replace(
        'in: { fits: steps.fit }',
        'foreach: inputs.others\n      in: { fits: steps.fit, regions: item.region }',
      );
    const graph = await graphOf(text);
    expect(table(graph)['group[p2]']).toEqual({
      fits: ['fit[p1].fit', 'fit[p2].fit', 'fit[p3].fit'],
      regions: ['p2.region'],
    });
  });

  test('takes a port of every item, and lists written out, in their order', async () => {
    const text = sound
      .replace('fits: steps.fit', 'fits: [steps.fit, steps.fit], regions: [inputs.people.region, steps.group2]')
      .replace(
        '\n    group:',
        '\n    group2:\n      uses: pool\n      in: { fits: steps.fit }\n      with: { p: 1 }\n    group:',
      );
    const { fits, regions } = table(await graphOf(text)).group!;
    expect(fits).toHaveLength(6);
    expect(regions).toEqual(['p1.region', 'p2.region', 'p3.region', 'group2.region']);
  });
});

describe('an item that lacks something', () => {
  test('runs without it at an optional port', async () => {
    const graph = await graphOf(sound.replace('people: 3', 'people: 3, blind: [p2]'));
    expect(table(graph)['fit[p1]']).toHaveProperty('region');
    expect(table(graph)['fit[p2]']).not.toHaveProperty('region');
  });

  test('is named with the wire when a step needs it', async () => {
    const text = sound
      .replace('people: 3', 'people: 3, blind: [p1, p3]')
      .replace('fits: steps.fit', 'fits: steps.fit, regions: inputs.people.region');
    const [problem, ...more] = await failure(graphOf(text));
    expect(more).toEqual([]);
    expect(problem!.message).toBe(
      '2 of 3 items of `inputs.people` have no `region`, which `group` needs at `regions`: p1, p3',
    );
    expect(problem!.place).toMatchObject({ line: 19, column: 37 });
  });

  test('does not matter to an optional list when no item has it', async () => {
    const text = sound
      .replace('people: 3', 'people: 2, blind: [p1, p2]')
      .replace('fits: steps.fit', 'fits: steps.fit, regions: inputs.people.region');
    expect(table(await graphOf(text)).group).toEqual({ fits: ['fit[p1].fit', 'fit[p2].fit'] });
  });
});

describe('a graph', () => {
  test('lists every instance after all that it needs, for any number of items', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), async (people) => {
        const graph = await graphOf(sound.replace('people: 3', `people: ${people}`));
        expect(graph.instances).toHaveLength(people + 2);
        const seen = new Set<string>();
        for (const { id, inputs } of graph.instances) {
          for (const source of Object.values(inputs).flat() as Source[]) {
            if (source.kind === 'instance') expect(seen.has(source.id)).toBe(true);
          }
          seen.add(id);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('of 10,000 instances is made in well under 100 ms', async () => {
    const steps = Array.from(
      { length: 10 },
      (_, i) =>
        `    s${i}: { uses: model, foreach: inputs.people, in: { scan: item.scan, pictures: steps.frames, region: ${i === 0 ? 'item.region' : 'item.region'} } }`,
    );
    const workflow = await load(
      `voxreel: 1\nname: large\ninputs:\n    movie: { type: film, path: x }\n    people: { type: cohort, people: 1 }\nsteps:\n    frames: { uses: cut, in: { film: inputs.movie } }\n${steps.join('\n')}\n`,
    );
    const port = (type: string) => ({ type, files: {}, origin: type });
    const items = Array.from(
      { length: 1000 },
      (_, index): ResolvedItem => ({
        label: `sub-${index}`,
        entities: { sub: String(index) },
        ports: { scan: port('scan'), region: port('region') },
      }),
    );
    const inputs = new Map<string, any>([
      ['movie', port('film')],
      ['people', items],
    ]);
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      expect(expandGraph(workflow, inputs).instances).toHaveLength(10_001);
      return performance.now() - start;
    });
    // The best of five, since other work may share the machine.
    expect(Math.min(...times)).toBeLessThan(100);
  });
});
