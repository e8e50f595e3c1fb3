import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Download, download, partOf } from '../../cli/weights/download.js';
import { newFolder } from '../support/folders.js';
import { voxreel } from './support/process.js';

/** Bytes that differ everywhere, so that a piece in the wrong place is noticed. */
const content = Buffer.from(Uint32Array.from({ length: 250_000 }, (_, i) => Math.imul(i, 2654435761)).buffer);
const sha256 = createHash('sha256').update(content).digest('hex');

type Answer = (request: IncomingMessage, response: ServerResponse, number: number) => void;

const open: (http.Server | net.Server)[] = [];
const asked: (string | undefined)[] = [];
let folder: string;
let order: Download;

beforeEach(async () => {
  folder = await newFolder('fetch');
  asked.length = 0;
  const target = path.join(folder, 'sub', 'weights.bin');
  order = {
    url: '',
    target,
    size: content.length,
    sha256,
    signal: new AbortController().signal,
    onProgress: () => {},
    onRetry: () => {},
  };
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of open.splice(0)) server.close();
});

/** A server on this machine; `asked` collects the Range header of every request. Its address ends with `/`. */
async function serve(answer: Answer): Promise<string> {
  let number = 0;
  const server = http.createServer((request, response) => {
    asked.push(request.headers.range);
    answer(request, response, number++);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** The file, or the range that is asked for. */
const whole: Answer = ({ headers }, response) => {
  const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start });
  response.end(content.subarray(start));
};

/** The first `times` connections break after so many bytes. */
const breaking =
  (times: number, after: number): Answer =>
  (request, response, number) => {
    if (number >= times) return whole(request, response, number);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start });
    // Long enough for a busy client to read what was sent, which a broken connection takes away.
    response.write(content.subarray(start, start + after), () => setTimeout(() => response.destroy(), 250));
  };

async function stored(): Promise<Buffer> {
  expect(existsSync(partOf(order.target))).toBe(false);
  return readFile(order.target);
}

/** The address of a port where nobody listens. */
async function nobody(): Promise<string> {
  const url = await serve(whole);
  await new Promise((resolve) => open.pop()!.close(resolve));
  return url;
}

describe('a download of weights', () => {
  test('stores the file when its checksum is right, and tells how far it is', async () => {
    const seen: number[] = [];
    await download({ ...order, url: await serve(whole), onProgress: (done) => seen.push(done) });
    expect((await stored()).equals(content)).toBe(true);
    expect(seen.at(-1)).toBe(content.length);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test('goes on from where a connection broke, as often as each brings something', async () => {
    const told: string[] = [];
    await download({ ...order, url: await serve(breaking(6, 150_000)), onRetry: (message) => told.push(message) });
    expect((await stored()).equals(content)).toBe(true);
    expect(asked[0]).toBeUndefined();
    expect(asked.slice(1, 3)).toEqual(['bytes=150000-', 'bytes=300000-']);
    expect(told).toHaveLength(6);
  });

  test('goes on where a server closes its connections in the middle, in good order', async () => {
    // Pieces come faster than they are written; that undici pauses for it must not end the process.
    const size = 40 * content.length;
    const large = Buffer.alloc(size, content);
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (request) => {
        const start = Number(/bytes=(\d+)-/.exec(String(request))?.[1] ?? 0);
        const status = start > 0 ? '206 Partial Content' : '200 OK';
        socket.write(`HTTP/1.1 ${status}\r\ncontent-length: ${size - start}\r\nconnection: close\r\n\r\n`);
        socket.end(large.subarray(start, start + size / 8));
      });
    });
    open.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const told: string[] = [];
    const digest = createHash('sha256').update(large).digest('hex');
    await download({ ...order, url, size, sha256: digest, onRetry: (message) => told.push(message) });
    expect((await stored()).equals(large)).toBe(true);
    expect(new Set(told)).toEqual(new Set([`${new URL(url).host}: the connection ended early`]));
  });

  test('follows to another address', async () => {
    const there = await serve(whole);
    const url = await serve((_, response) => response.writeHead(302, { location: `${there}weights.bin` }).end());
    await download({ ...order, url });
    expect((await stored()).equals(content)).toBe(true);
  });

  test('goes on from what an earlier command left', async () => {
    const url = await serve((request, response, number) =>
      number === 0 ? breaking(1, 400_000)(request, response, 0) : response.writeHead(404).end(),
    );
    await expect(download({ ...order, url })).rejects.toThrow(/404/);
    expect((await readFile(partOf(order.target))).length).toBe(400_000);
    await download({ ...order, url: await serve(whole) });
    expect(asked.at(-1)).toBe('bytes=400000-');
    expect((await stored()).equals(content)).toBe(true);
  });

  test('begins anew where a server knows no ranges', async () => {
    const ignorant: Answer = (_, response) =>
      response.writeHead(200, { 'content-length': content.length }).end(content);
    const url = await serve((request, response, number) =>
      number === 0 ? breaking(1, 400_000)(request, response, 0) : ignorant(request, response, number),
    );
    await download({ ...order, url });
    expect((await stored()).equals(content)).toBe(true);
  });

  test('keeps nothing of a file with another checksum, and names both', async () => {
    const other = Buffer.from(content);
    other[500_000]! ^= 1;
    const url = await serve((_, response) => response.writeHead(200, { 'content-length': other.length }).end(other));
    const failure = download({ ...order, url });
    await expect(failure).rejects.toThrow(new RegExp(createHash('sha256').update(other).digest('hex')));
    await expect(failure).rejects.toThrow(new RegExp(`expected: ${sha256}`));
    expect(await readdir(path.dirname(order.target))).toEqual([]);
  });

  test('refuses a file of another size before it is taken, such as a login page', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-length': 19 }).end('<html>login</html>\n'),
    );
    await expect(download({ ...order, url })).rejects.toThrow(/has 19 bytes instead of 1000000.*login page/s);
    expect(asked).toHaveLength(1);
    expect(existsSync(partOf(order.target))).toBe(false);
  });

  test('stops reading a stream without length that never ends', async () => {
    const url = await serve((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(content));
      };
      response.on('drain', more);
      more();
    });
    await expect(download({ ...order, url })).rejects.toThrow(/more than 1000000 bytes/);
  });

  test('waits out a server that is busy for a moment, and gives up on one that stays so', async () => {
    const busy: Answer = (_, response) => response.writeHead(503).end();
    await download({
      ...order,
      url: await serve((request, response, number) => (number === 0 ? busy : whole)(request, response, number)),
    });
    expect((await stored()).equals(content)).toBe(true);
    const other = { ...order, target: path.join(folder, 'other') };
    await expect(download({ ...other, url: await serve(busy) })).rejects.toThrow(
      /503.*Without network here, download/s,
    );
  }, 20_000);

  test('says at once that nobody listens', async () => {
    await expect(download({ ...order, url: await nobody() })).rejects.toThrow(
      /127\.0\.0\.1:\d+: the connection is refused.*put it at .*weights\.bin/s,
    );
  });

  test('stops when it is interrupted, and keeps what came', async () => {
    const stop = new AbortController();
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 300_000));
    });
    const running = download({
      ...order,
      url,
      signal: stop.signal,
      onProgress: (done) => done >= 300_000 && stop.abort(),
    });
    await expect(running).rejects.toThrow(/abort/i);
    expect((await readFile(partOf(order.target))).equals(content.subarray(0, 300_000))).toBe(true);
  });

  test('may run twice at the same time', async () => {
    const url = await serve(breaking(2, 300_000));
    await Promise.allSettled([download({ ...order, url }), download({ ...order, url })]);
    expect((await stored()).equals(content)).toBe(true);
  });

  test('goes through the proxy of HTTP_PROXY unless NO_PROXY names the host', async () => {
    const url = await serve(whole);
    const tunnels: string[] = [];
    const proxy = http.createServer();
    proxy.on('connect', ({ url: to = '' }, socket, head) => {
      tunnels.push(to);
      const [host, port] = to.split(':');
      const upstream = net.connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    open.push(proxy);
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    vi.stubEnv('http_proxy', undefined);
    vi.stubEnv('no_proxy', undefined);
    vi.stubEnv('NO_PROXY', undefined);
    await download({ ...order, url });
    expect(tunnels).toEqual([new URL(url).host]);
    vi.stubEnv('NO_PROXY', '127.0.0.1');
    await download({ ...order, url, target: path.join(folder, 'again') });
    expect(tunnels).toHaveLength(1);
  });

  test('says what a proxy refuses', async () => {
    const proxy = http.createServer();
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    open.push(proxy);
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    vi.stubEnv('HTTPS_PROXY', `http://anna:secret@127.0.0.1:${port}`);
    vi.stubEnv('https_proxy', undefined);
    const failure = download({ ...order, url: 'https://weights.invalid/vgg16.h5' });
    await expect(failure).rejects.toThrow(/127\.0\.0\.1:\d+ refuses the connection to weights\.invalid \(407\)/);
    await expect(failure).rejects.not.toThrow(/secret/);
  });
});

describe('voxreel weights fetch', () => {
  test('says which proxy is no address, and hides its password', async () => {
    vi.stubEnv('VOXREEL_WEIGHTS', folder);
    vi.stubEnv('https_proxy', undefined);
    for (const proxy of ['proxy.example.org:8080', '10.0.0.1:8080', 'anna:secret@10.0.0.1:8080']) {
      vi.stubEnv('HTTPS_PROXY', proxy);
      const { code, stderr } = await voxreel(folder, 'weights', 'fetch', 'vgg16-keras');
      expect(stderr).toMatch(/the proxy in HTTPS_PROXY is no address: .*8080\n.*expected: http:\/\/host:port/);
      expect(stderr).not.toContain('secret');
      expect(code).toBe(1);
    }
  });

  test('says that a file is in the way of the folder', async () => {
    await writeFile(path.join(folder, 'weights'), 'a file');
    for (const place of ['weights', 'weights/below']) {
      vi.stubEnv('VOXREEL_WEIGHTS', path.join(folder, place));
      const { code, stderr } = await voxreel(folder, 'weights', 'fetch', 'vgg16-keras', '--from', await nobody());
      expect(stderr).toMatch(/cannot be written \(.*weights.*\): something on its path is a file/);
      expect(code).toBe(1);
    }
  });

  test('stores nothing that is not the known file, and ends with 1', async () => {
    vi.stubEnv('XDG_DATA_HOME', folder);
    vi.stubEnv('VOXREEL_WEIGHTS', undefined);
    const size = 58_889_256;
    const url = await serve((request, response) => {
      expect(request.url).toBe('/mirror/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5');
      response.writeHead(200, { 'content-length': size }).end(Buffer.alloc(size));
    });
    const { code, stderr } = await voxreel(folder, 'weights', 'fetch', 'vgg16-keras', '--from', `${url}mirror`);
    expect(stderr).toMatch(/58\.9 MB of 58\.9 MB \(100 %\)/);
    expect(stderr).toMatch(/is another file: its SHA-256 is [0-9a-f]{64}/);
    expect(stderr).toContain('bfe5187d0a272bed55ba430631598124cff8e880b98d38c9e56c8d66032abdc1');
    expect(code).toBe(1);
    expect(await readdir(path.join(folder, 'voxreel', 'weights'))).toEqual([]);
  });

  test('does not take a file of the right name for the right file', async () => {
    vi.stubEnv('VOXREEL_WEIGHTS', folder);
    await writeFile(path.join(folder, 'vgg16-397923af.pth'), 'not the weights');
    const { code, stderr } = await voxreel(folder, 'weights', 'fetch', 'vgg16-torchvision', '--from', await nobody());
    expect(stderr).toMatch(/is not the file that it should be \(15 bytes\)/);
    expect(stderr).toMatch(/127\.0\.0\.1:\d+: the connection is refused/);
    expect(code).toBe(1);
  });

  test('knows two names, and takes an address only', async () => {
    const unknown = await voxreel(folder, 'weights', 'fetch', 'vgg19');
    expect(unknown.stderr).toContain('It must be vgg16-keras or vgg16-torchvision');
    expect(unknown.code).toBe(2);
    const odd = await voxreel(folder, 'weights', 'fetch', 'vgg16-keras', '--from', '/mnt/weights');
    expect(odd.stderr).toMatch(/--from \/mnt\/weights is no address.*expected: the address of a folder/s);
  });
});
