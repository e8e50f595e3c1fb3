import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RemoteOptions } from '../../cache/remote.js';
import { openStore } from '../../cache/store.js';
import type { RunEvent } from '../../engine/events.js';
import type { StepType } from '../../engine/step-type.js';
import { newFolder } from '../support/folders.js';
import { expectIntact } from '../support/intact-store.js';
import { describeNginx, freePort, type Nginx, startNginx } from '../support/nginx.js';
import { filesBelow, makeStudy, type Ran, type Study, textStep } from '../support/tiny-study.js';

const YAML = `voxreel: 1
name: remote
inputs: { people: { type: people, path: people } }
steps:
  each: { uses: append, foreach: inputs.people, in: { text: item.text } }
  low: { uses: lower, foreach: inputs.people, in: { text: steps.each } }
  all: { uses: join, in: { texts: steps.low } }
`;
const PEOPLE = ['01', '02', '03', '04', '05', '06'];
const EVERYTHING = 2 * PEOPLE.length + 1;

let study: Study;
let nginx: Nginx | undefined;
afterEach(async () => {
  await nginx?.stop();
  nginx = undefined;
  await study?.remove();
});

async function start(extra: Parameters<typeof makeStudy>[1] = [], yaml = YAML): Promise<void> {
  study = await makeStudy(yaml, extra);
  for (const who of PEOPLE) await study.write(`people/sub-${who}.txt`, `Text ${who}`);
}

/** Runs with a store that has nothing in it. */
async function runAnew(remote: RemoteOptions): Promise<Ran> {
  await rm(path.join(study.dir, '.voxreel'), { recursive: true, force: true });
  return study.run({ remote });
}

const digestsOf = (result: Ran) => [...result.outputs.values()].flat().map(({ digest }) => digest);
const fetched = ({ events }: Ran) => events.filter((event) => event.type === 'hit' && event.fetched).length;
const troubles = ({ events }: Ran) =>
  events
    .filter((event): event is Extract<RunEvent, { type: 'note' }> => event.type === 'note')
    .filter(({ instance }) => instance === 'remote cache')
    .map(({ message }) => message);
const requests = async (server: Nginx) => (await readFile(server.log, 'utf8')).trim().split('\n');

describeNginx('a remote cache', () => {
  it('is given what is made, and spares another machine the work', async () => {
    nginx = await startNginx(await newFolder('nginx'));
    await start();
    const first = await runAnew({ url: nginx.url });
    expect(first).toMatchObject({ ok: true, ran: EVERYTHING });
    expect(await readdir(path.join(nginx.files, 'ac'))).toHaveLength(EVERYTHING);

    const second = await runAnew({ url: `${nginx.url}/` });
    expect(second).toMatchObject({ ok: true, ran: 0, cached: EVERYTHING });
    expect(fetched(second)).toBe(EVERYTHING);
    expect(digestsOf(second)).toEqual(digestsOf(first));
    expect(await second.text('all')).toBe(await first.text('all'));
    expect(troubles(second)).toEqual([]);
    expect(await expectIntact(await study.store())).toBe(EVERYTHING);
    // What is here is not asked for: a run with nothing to do speaks to nobody.
    const before = (await requests(nginx)).length;
    expect(await study.run({ remote: { url: nginx.url } })).toMatchObject({ ran: 0, cached: EVERYTHING });
    expect((await requests(nginx)).length).toBe(before);
  });

  it('is given each blob once, however many results share it', async () => {
    nginx = await startNginx(await newFolder('nginx'));
    await start([textStep('same', {}, () => 'the same for all')], YAML.replace('append', 'same'));
    await runAnew({ url: nginx.url });
    await runAnew({ url: nginx.url });
    const puts = (await requests(nginx)).filter((line) => line.startsWith('PUT /cas/'));
    expect(puts.length).toBe(new Set(puts).size);
    expect(await readdir(path.join(nginx.files, 'cas'))).toHaveLength(2);
  });

  it('that is only read is given nothing', async () => {
    nginx = await startNginx(await newFolder('nginx'));
    await start();
    expect(await runAnew({ url: nginx.url, readOnly: true })).toMatchObject({ ok: true, ran: EVERYTHING });
    expect((await requests(nginx)).filter((line) => line.startsWith('PUT'))).toEqual([]);
    await runAnew({ url: nginx.url });
    expect(fetched(await runAnew({ url: nginx.url, readOnly: true }))).toBe(EVERYTHING);
  });

  it('wants a token: without the right one it is told once and left alone', async () => {
    nginx = await startNginx(await newFolder('nginx'), { token: 'secret' });
    await start();
    const refused = await runAnew({ url: nginx.url, token: 'wrong' });
    expect(refused).toMatchObject({ ok: true, ran: EVERYTHING });
    expect(troubles(refused)).toHaveLength(1);
    expect(troubles(refused)[0]).toMatch(/it answered 401.*VOXREEL_REMOTE_TOKEN/);
    expect(troubles(refused)[0]).not.toContain('wrong');
    await runAnew({ url: nginx.url, token: 'secret' });
    expect(fetched(await runAnew({ url: nginx.url, token: 'secret' }))).toBe(EVERYTHING);
  });

  it('that takes nothing is told once, and still gives', async () => {
    const folder = await newFolder('nginx');
    nginx = await startNginx(folder);
    await start();
    await runAnew({ url: nginx.url });
    await nginx.stop();
    nginx = await startNginx(folder, { put: false });
    await study.write('people/sub-07.txt', 'New');
    const result = await runAnew({ url: nginx.url });
    expect(result).toMatchObject({ ok: true, ran: 3, cached: EVERYTHING - 1 });
    expect(troubles(result)).toEqual([expect.stringMatching(/it answered 405.*nothing more is given to it/)]);
  });

  it('that lies about the content of a file is found out, and the step runs', async () => {
    nginx = await startNginx(await newFolder('nginx'));
    await start();
    const first = await runAnew({ url: nginx.url });
    const record = JSON.parse(await readFile(path.join(nginx.files, 'ac', keyOf(first, 'low[sub-03]')), 'utf8'));
    const blob = path.join(nginx.files, 'cas', record.outputs.text.files['text.txt'].digest);
    // The same length, so that only the digest tells.
    await writeFile(blob, (await readFile(blob, 'utf8')).replace('text', 'TEXT'));
    const second = await runAnew({ url: nginx.url });
    expect(second.worked).toEqual(['low[sub-03]']);
    expect(digestsOf(second)).toEqual(digestsOf(first));
    expect(troubles(second)).toEqual([expect.stringContaining('another digest')]);
    expect(await expectIntact(await study.store())).toBe(EVERYTHING);
  });

  it('that lies about one of many files is not taken to be down, and is given the right one', async () => {
    nginx = await startNginx(await newFolder('nginx'));
    const files = ['text.txt', ...Array.from({ length: 40 }, (_, index) => `${index}.txt`)];
    const many: StepType = {
      ...textStep('many', {}, () => ''),
      async run({ workDir }) {
        for (const file of files) await writeFile(path.join(workDir, file), `${file} of many`);
        return { text: { files: Object.fromEntries(files.map((file) => [file, path.join(workDir, file)])) } };
      },
    };
    const yaml = YAML.replace('steps:', 'steps:\n  many: { uses: many, in: { text: steps.all } }');
    await start([many], yaml);
    const first = await runAnew({ url: nginx.url });
    const record = JSON.parse(await readFile(path.join(nginx.files, 'ac', keyOf(first, 'many')), 'utf8'));
    const { digest } = record.outputs.text.files['0.txt'];
    await writeFile(path.join(nginx.files, 'cas', digest), '0.txt of MANY');
    const second = await runAnew({ url: nginx.url });
    expect(second.worked).toEqual(['many']);
    expect(troubles(second)).toEqual([expect.stringContaining('another digest')]);
    expect(await readFile(path.join(nginx.files, 'cas', digest), 'utf8')).toBe('0.txt of many');
    expect(fetched(await runAnew({ url: nginx.url }))).toBe(EVERYTHING + 1);
  });

  it('that lies in a record is found out: another key, digests that do not agree, names that are paths, no JSON', async () => {
    nginx = await startNginx(await newFolder('nginx'));
    await start();
    const first = await runAnew({ url: nginx.url });
    const at = (id: string) => path.join(nginx!.files, 'ac', keyOf(first, id));
    const other = await readFile(at('low[sub-02]'), 'utf8');
    const change = async (id: string, edit: (record: any) => void) => {
      const record = JSON.parse(await readFile(at(id), 'utf8'));
      edit(record);
      await writeFile(at(id), JSON.stringify(record));
    };
    await writeFile(at('low[sub-01]'), other);
    await change('low[sub-03]', ({ outputs }) => {
      outputs.text.meta = { tr: 3 };
    });
    await change('low[sub-04]', ({ outputs }) => {
      outputs.text.files['text.txt'].digest = '../../../outside';
    });
    await writeFile(at('low[sub-05]'), '<html>not here</html>');
    const second = await runAnew({ url: nginx.url });
    expect(second.worked).toEqual(['low[sub-01]', 'low[sub-03]', 'low[sub-04]', 'low[sub-05]']);
    expect(digestsOf(second)).toEqual(digestsOf(first));
    expect(troubles(second)).toHaveLength(4);
  });

  it('whose results the type of artifact refuses is not believed', async () => {
    nginx = await startNginx(await newFolder('nginx'));
    await start();
    const first = await runAnew({ url: nginx.url });
    const { writeBroken } = await import('../support/broken-result.js');
    await writeBroken(nginx.files, keyOf(first, 'low[sub-03]'), 'BROKEN');
    const second = await runAnew({ url: nginx.url });
    expect(second.worked).toEqual(['low[sub-03]']);
    expect(troubles(second)).toEqual([expect.stringContaining('the text is broken')]);
  });

  it('that lost a file of a result is as good as without it', async () => {
    nginx = await startNginx(await newFolder('nginx'));
    await start();
    const first = await runAnew({ url: nginx.url });
    const [blob] = await filesBelow(path.join(nginx.files, 'cas'));
    await rm(path.join(nginx.files, 'cas', blob!));
    const second = await runAnew({ url: nginx.url });
    expect(second.ok).toBe(true);
    expect(second.worked).toHaveLength(1);
    expect(digestsOf(second)).toEqual(digestsOf(first));
    expect(troubles(second)).toEqual([]);
  });
});

describe('a remote cache that is down', () => {
  it('because nobody listens is told once and costs nothing', async () => {
    await start();
    const result = await runAnew({ url: `http://127.0.0.1:${await freePort()}` });
    expect(result).toMatchObject({ ok: true, ran: EVERYTHING });
    expect(troubles(result)).toEqual([expect.stringMatching(/refused the connection; it is not asked again/)]);
  });

  it('because it never answers costs its timeout once, however many results are wanted', async () => {
    let connections = 0;
    const deaf: Server = createServer((socket) => {
      connections++;
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    try {
      await start();
      const { port } = deaf.address() as { port: number };
      const result = await runAnew({ url: `http://127.0.0.1:${port}`, timeoutMs: 400 });
      expect(result).toMatchObject({ ok: true, ran: EVERYTHING });
      expect(troubles(result)).toEqual([expect.stringContaining('gave no answer within 0.4 s')]);
      // Those that were asked at the same time; nothing is asked after them.
      expect(connections).toBeLessThanOrEqual(4);
    } finally {
      deaf.close();
    }
  });

  it('because its name is wrong ends the run before it starts', async () => {
    await start();
    const error = await runAnew({ url: 'cache.example' }).catch((thrown) => thrown);
    expect(error.problems[0]).toMatchObject({ message: 'the remote cache `cache.example` is no address' });
    expect(await openStore(path.join(study.dir, '.voxreel'))).toBeDefined();
  });
});

function keyOf({ events }: Ran, id: string): string {
  const event = events.find((one) => (one.type === 'finished' || one.type === 'hit') && one.instance === id);
  return (event as { key: string }).key;
}
