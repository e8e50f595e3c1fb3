import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe } from 'vitest';

/** Debian puts it where only root's PATH leads. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
const present = spawnSync('nginx', ['-v'], { env }).status === 0;

/** A suite that needs a real nginx: skipped with its reason where there is none, required in CI. */
export function describeNginx(name: string, suite: () => void): void {
  if (!present && process.env.CI)
    throw new Error('nginx is missing, and CI must not skip its tests (.ci/run installs it)');
  if (!present) console.warn(`SKIPPED: ${name}: nginx is not installed (apt-get install nginx-light)`);
  describe.skipIf(!present)(present ? name : `${name} (skipped: no nginx)`, suite);
}

export interface Nginx {
  readonly url: string;
  /** What it serves: a file put at `url/ac/x` is `files/ac/x`. */
  readonly files: string;
  /** Lines of its access log: `PUT /ac/… 201`. */
  readonly log: string;
  stop(): Promise<void>;
}

/**
 * Starts nginx with WebDAV's PUT, as docs/caching.md shows it.
 * @param dir an empty folder
 */
export async function startNginx(dir: string, options: { token?: string; put?: boolean } = {}): Promise<Nginx> {
  const { token, put = true } = options;
  const port = await freePort();
  const files = path.join(dir, 'files');
  const log = path.join(dir, 'access.log');
  await mkdir(files, { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (one) => `${one}_temp_path ${dir}/${one};`,
  );
  const config = `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${dir}/pid;
error_log ${dir}/error.log;
events {}
http {
  log_format short '$request_method $uri $status';
  access_log ${log} short;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${files};
    location / {
      ${token === undefined ? '' : `if ($http_authorization != "Bearer ${token}") { return 401; }`}
      ${put ? 'dav_methods PUT;\n      create_full_put_path on;\n      client_max_body_size 0;' : ''}
    }
  }
}
`;
  await writeFile(path.join(dir, 'nginx.conf'), config);
  const child = spawn('nginx', ['-p', dir, '-e', `${dir}/error.log`, '-c', `${dir}/nginx.conf`], {
    env,
    stdio: 'inherit',
  });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(url, child);
  return {
    url,
    files,
    log,
    stop: () =>
      new Promise((resolve) => {
        child.on('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function untilAnswers(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error('nginx ended at once');
    const answered = await fetch(url).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('nginx does not answer');
}
