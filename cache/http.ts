import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/** How a request to a server is made. */
export interface HttpOptions {
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string;
  /** A request that brings nothing forward for so long has failed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Why a request failed though the server may be all right with another: a status that is neither success nor "not found". */
export class HttpStatusError extends Error {
  constructor(
    readonly status: number,
    reason: string | undefined,
  ) {
    super(`it answered ${status}${reason ? ` ${reason}` : ''}`);
  }
}

/** Requests of one server over a few connections that are kept. `url`s are complete. */
export interface HttpClient {
  /** The body as text; undefined when there is no such thing (404). */
  getText(url: string): Promise<string | undefined>;
  /** Writes the body to a new file; false when there is no such thing. */
  getFile(url: string, file: string): Promise<boolean>;
  has(url: string): Promise<boolean>;
  putText(url: string, body: string): Promise<void>;
  putFile(url: string, file: string): Promise<void>;
  close(): void;
}

export function httpClient(base: URL, options: HttpOptions): HttpClient {
  const secure = base.protocol === 'https:';
  const agent = new (secure ? https : http).Agent({ keepAlive: true, maxSockets: 8 });
  const { token, timeoutMs, signal } = options;

  const send = (
    method: string,
    url: string,
    length: number | undefined,
    write: (request: http.ClientRequest) => Promise<unknown>,
  ) =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      const headers: http.OutgoingHttpHeaders = {};
      if (token !== undefined) headers.authorization = `Bearer ${token}`;
      if (length !== undefined) headers['content-length'] = length;
      const request = (secure ? https : http).request(url, {
        method,
        headers,
        agent,
        // Of silence: while it connects, before the answer, and while the body comes.
        timeout: timeoutMs,
        ...(signal ? { signal } : {}),
      });
      request.on('timeout', () =>
        request.destroy(Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' })),
      );
      request.on('response', resolve).on('error', reject);
      write(request).catch(reject);
    });

  /** The answer, its body unread; undefined for 404. Throws for every other status that is not a success. */
  const answered = async (response: http.IncomingMessage): Promise<http.IncomingMessage | undefined> => {
    const { statusCode: status = 0, statusMessage } = response;
    if (status >= 200 && status < 300) return response;
    response.resume();
    if (status === 404 || status === 410) return undefined;
    throw new HttpStatusError(status, statusMessage);
  };
  const bare = async (request: http.ClientRequest) => void request.end();
  const put = async (url: string, length: number, write: (request: http.ClientRequest) => Promise<unknown>) => {
    const response = await send('PUT', url, length, write);
    response.resume();
    if (!(await answered(response))) throw new HttpStatusError(404, response.statusMessage);
  };

  return {
    async getText(url) {
      const response = await answered(await send('GET', url, undefined, bare));
      return response && text(response);
    },
    async getFile(url, file) {
      const response = await answered(await send('GET', url, undefined, bare));
      if (response) await pipeline(response, createWriteStream(file, { flags: 'wx' }));
      return response !== undefined;
    },
    async has(url) {
      const response = await answered(await send('HEAD', url, undefined, bare));
      response?.resume();
      return response !== undefined;
    },
    putText: (url, body) =>
      put(url, Buffer.byteLength(body), async (request) => {
        request.end(body);
      }),
    async putFile(url, file) {
      const { size } = await stat(file);
      await put(url, size, (request) => pipeline(createReadStream(file), request));
    },
    close: () => agent.destroy(),
  };
}
