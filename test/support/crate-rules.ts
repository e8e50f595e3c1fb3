import { existsSync } from 'node:fs';
import path from 'node:path';

/*
 * What the official validator (crs4/rocrate-validator, its profiles ro-crate 1.1, workflow-ro-crate 1.0,
 * process-run-crate, workflow-run-crate and provenance-run-crate 0.5) requires of a crate, rule by rule, written again from
 * its shapes; it is a Python program that is not on npm. "SHOULD" marks recommendations that we want to follow too.
 * Not here, because they need the network: that the contexts can be fetched.
 */

export type Entity = { '@id': string; '@type': string | string[]; [property: string]: unknown };
export interface Crate {
  '@context': unknown;
  '@graph': Entity[];
}

const SOFTWARE = ['SoftwareApplication', 'SoftwareSourceCode', 'ComputationalWorkflow'];
const ACTIONS = ['CreateAction', 'ActivateAction', 'UpdateAction'];
const TIME = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(\.\d{3})?\+\d{2}:\d{2})?$/;

/** The rules that a crate breaks, each with the entity that breaks it. `dir` is the folder that it describes. */
export function brokenRules(crate: Crate, dir: string): string[] {
  const broken: string[] = [];
  const graph = crate['@graph'];
  const byId = new Map(graph.map((entity) => [entity['@id'], entity]));
  const must = (holds: boolean, rule: string, entity?: string) => {
    if (!holds) broken.push(entity === undefined ? rule : `${rule}: ${entity}`);
  };
  const is = (entity: Entity | undefined, ...types: readonly string[]) =>
    entity !== undefined && types.some((type) => [entity['@type']].flat().includes(type));
  const all = (...types: readonly string[]) => graph.filter((entity) => is(entity, ...types));
  const values = (entity: Entity | undefined, property: string) =>
    entity?.[property] === undefined ? [] : ([entity[property]].flat() as (string | { '@id': string })[]);
  const idsAt = (entity: Entity | undefined, property: string) =>
    values(entity, property).map((value) => (typeof value === 'object' ? value['@id'] : value));
  const targets = (entity: Entity | undefined, property: string) => idsAt(entity, property).map((id) => byId.get(id));
  const pointing = (property: string, id: string) =>
    graph.filter((entity) =>
      values(entity, property).some((value) => typeof value === 'object' && value['@id'] === id),
    );
  const every = (entity: Entity, property: string, ...types: readonly string[]) =>
    targets(entity, property).every((target) => is(target, ...types));
  const some = (entity: Entity, property: string) => values(entity, property).length > 0;

  // RO-Crate 1.1, metadata file and its descriptor
  must(
    [crate['@context']].flat().includes('https://w3id.org/ro/crate/1.1/context'),
    'the context is that of RO-Crate 1.1',
  );
  must(
    Object.keys(crate).every((key) => ['@context', '@graph'].includes(key)),
    'only @context and @graph',
  );
  must(byId.size === graph.length, 'every @id is there once');
  for (const entity of graph) {
    for (const [property, value] of Object.entries(entity)) {
      const flat = [value]
        .flat()
        .every((one) => typeof one !== 'object' || Object.keys(one as object).join() === '@id');
      must(flat, `flattened JSON-LD: ${property}`, entity['@id']);
      must(!Array.isArray(value) || value.length > 1, `SHOULD: no list of one: ${property}`, entity['@id']);
      for (const id of idsAt(entity, property)) {
        const local = typeof id === 'string' && id.startsWith('#') && property !== 'name';
        if (local) must(byId.has(id), `what ${property} points to is described`, id);
      }
    }
  }
  const descriptor = byId.get('ro-crate-metadata.json');
  must(is(descriptor, 'CreativeWork'), 'the descriptor is a CreativeWork');
  must(
    idsAt(descriptor, 'conformsTo').includes('https://w3id.org/ro/crate/1.1'),
    'the descriptor conforms to RO-Crate 1.1',
  );
  must(idsAt(descriptor, 'about').length === 1, 'the descriptor is about one thing');
  const root = targets(descriptor, 'about')[0];
  if (!root) return [...broken, 'there is a root data entity'];

  // RO-Crate 1.1, root and data entities
  must(is(root, 'Dataset'), 'the root is a Dataset');
  must(root['@id'].endsWith('/'), 'the @id of the root ends with a slash');
  for (const property of ['name', 'description'])
    must(typeof root[property] === 'string', `the root has a ${property}`);
  must(some(root, 'license'), 'the root has a license');
  must(
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z))?$/.test(String(root.datePublished)),
    'datePublished is ISO 8601',
  );
  const linked = new Set<string>();
  const open = [root['@id']];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const part of idsAt(byId.get(id), 'hasPart')) if (!linked.has(part)) open.push(part);
    for (const part of idsAt(byId.get(id), 'hasPart')) linked.add(part);
  }
  for (const { '@id': id } of all('File', 'Dataset')) {
    if (id === root['@id'] || id.startsWith('#')) continue;
    must(linked.has(id), 'a data entity is part of the root', id);
    must(/^https?:/.test(id) || existsSync(path.join(dir, decodeURIComponent(id))), 'a data entity is there', id);
  }
  for (const part of idsAt(root, 'hasPart'))
    must(is(byId.get(part), 'File', 'Dataset'), 'the root has files as parts', part);

  // Workflow RO-Crate 1.0
  const main = targets(root, 'mainEntity')[0];
  must(main !== undefined, 'the root has a main entity');
  for (const type of ['File', 'SoftwareSourceCode', 'ComputationalWorkflow'])
    must(is(main, type), `the main workflow is a ${type}`);
  must(
    targets(main, 'programmingLanguage').some((one) => is(one, 'ComputerLanguage')),
    'the main workflow has a language',
  );
  must(
    idsAt(descriptor, 'conformsTo').some((id) => id.startsWith('https://w3id.org/workflowhub/workflow-ro-crate/')),
    'SHOULD: the descriptor names Workflow RO-Crate',
  );
  must(
    idsAt(main, 'conformsTo').some((id) =>
      /^https:\/\/bioschemas.org\/profiles\/ComputationalWorkflow\/[1-9]/.test(id),
    ),
    'SHOULD: the main workflow follows Bioschemas',
  );

  // Process, Workflow and Provenance Run Crate 0.5
  for (const name of ['process', 'workflow', 'provenance']) {
    const found = targets(root, 'conformsTo').some(
      (one) => one?.['@id'].startsWith(`https://w3id.org/ro/wfrun/${name}/`) && is(one, 'CreativeWork'),
    );
    must(found, `the root conforms to the ${name} run crate, which is described`);
  }
  for (const action of all(...ACTIONS)) {
    const id = action['@id'];
    must(
      some(action, 'instrument') && every(action, 'instrument', ...SOFTWARE),
      'an action has its tool as instrument',
      id,
    );
    must(idsAt(root, 'mentions').includes(id), 'SHOULD: an action is mentioned by the root', id);
    for (const property of ['name', 'description', 'result'])
      must(some(action, property), `SHOULD: an action has a ${property}`, id);
    for (const property of ['startTime', 'endTime'])
      must(TIME.test(String(action[property])), `SHOULD: ${property} is a time with its zone`, id);
    must(
      /^http:\/\/schema.org\/(Completed|Failed)ActionStatus$/.test(String(action.actionStatus)),
      'SHOULD: actionStatus',
      id,
    );
    const data = ['File', 'Dataset', 'Collection', 'CreativeWork', 'PropertyValue'];
    for (const property of ['object', 'result'])
      must(every(action, property, ...data), `SHOULD: ${property} is data or a value`, id);
  }
  for (const workflow of all('ComputationalWorkflow')) {
    const id = workflow['@id'];
    for (const property of ['input', 'output'])
      must(every(workflow, property, 'FormalParameter'), `${property} is a FormalParameter`, id);
    must(some(workflow, 'hasPart') && every(workflow, 'hasPart', ...SOFTWARE), 'a workflow has its tools as parts', id);
    must(!some(workflow, 'step') || is(workflow, 'HowTo'), 'a workflow with steps is a HowTo', id);
    must(some(workflow, 'step') && every(workflow, 'step', 'HowToStep'), 'SHOULD: a workflow has steps', id);
  }
  for (const tool of targets(main, 'hasPart')) {
    for (const property of ['input', 'output'])
      must(every(tool!, property, 'FormalParameter'), `${property} is a FormalParameter`, tool!['@id']);
  }
  for (const software of all('SoftwareApplication')) {
    must(
      some(software, 'name') && some(software, 'softwareVersion'),
      'SHOULD: software has name and version',
      software['@id'],
    );
  }
  for (const parameter of all('FormalParameter'))
    must(some(parameter, 'additionalType'), 'a FormalParameter has an additionalType', parameter['@id']);
  for (const step of all('HowToStep')) {
    const id = step['@id'];
    must(
      pointing('step', id).some((one) => is(one, 'ComputationalWorkflow')),
      'a step belongs to a workflow',
      id,
    );
    must(some(step, 'workExample') && every(step, 'workExample', ...SOFTWARE), 'a step names its tool', id);
    must(/^\d+$/.test(String(step.position)), 'the position of a step is a whole number', id);
    must(every(step, 'connection', 'ParameterConnection'), 'connections of a step are such', id);
  }
  for (const connection of all('ParameterConnection')) {
    const id = connection['@id'];
    for (const end of ['sourceParameter', 'targetParameter'])
      must(some(connection, end) && every(connection, end, 'FormalParameter'), `a connection has a ${end}`, id);
    must(pointing('connection', id).length > 0, 'SHOULD: a connection belongs to a step or the workflow', id);
  }
  for (const control of all('ControlAction')) {
    must(
      some(control, 'instrument') && every(control, 'instrument', 'HowToStep'),
      'a ControlAction has its step as instrument',
      control['@id'],
    );
    must(
      some(control, 'object') && every(control, 'object', ...ACTIONS),
      'a ControlAction has its action as object',
      control['@id'],
    );
  }
  const [organize] = all('OrganizeAction');
  must(organize !== undefined, 'there is an OrganizeAction');
  if (organize) {
    must(
      some(organize, 'instrument') && every(organize, 'instrument', ...SOFTWARE),
      'the OrganizeAction names the engine',
    );
    must(some(organize, 'result') && every(organize, 'result', ...ACTIONS), 'the OrganizeAction names the run');
    must(
      some(organize, 'object') && every(organize, 'object', 'ControlAction'),
      'the OrganizeAction has the ControlActions',
    );
  }
  return broken;
}
