import { BrokenConnection } from './connection-fault.js';

export interface Answer {
  readonly status: number;
  readonly statusText: string;
  /** Bytes that the server says will follow. */
  readonly length: number | null;
}

export interface Get {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called once, before the pieces. What it throws ends the request, and is what `get` throws. */
  onAnswer(answer: Answer): void;
  /** Called for each piece, in order; may throw likewise. It must be done with the piece when it returns. */
  onPiece(piece: Uint8Array): void;
}

/** Longest silence of a server, in ms. */
const SILENCE = 30_000;

/**
 * One request by HTTP(S), through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name; redirections are followed.
 *
 * Pieces are taken in the very call that brings them, not as a stream, so that undici never has to pause: up to version 7,
 * the last for Node 20, a connection that closes while it pauses ends the whole process (nodejs/undici#5360).
 * Throws BrokenConnection for what the connection did, and the reason of `signal`.
 */
export async function get({ url, headers, signal, onAnswer, onPiece }: Get): Promise<void> {
  const { EnvHttpProxyAgent, interceptors } = await import('undici');
  signal.throwIfAborted();
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: SILENCE },
    headersTimeout: SILENCE,
    bodyTimeout: SILENCE,
  });
  let interrupt = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      let over = false;
      const end = (settle: () => void) => {
        over = true;
        settle();
      };
      const attempt = (take: () => void) => {
        if (over) return;
        try {
          take();
        } catch (error) {
          end(() => reject(error));
        }
      };
      interrupt = () => end(() => reject(signal.reason));
      signal.addEventListener('abort', interrupt);
      const { origin, pathname, search } = new URL(url);
      agent.compose(interceptors.redirect({ maxRedirections: 10 })).dispatch(
        { origin, path: `${pathname}${search}`, method: 'GET', headers },
        {
          onRequestStart() {},
          onResponseStart(_, status, fields, statusText = '') {
            const stated = fields['content-length'];
            attempt(() => onAnswer({ status, statusText, length: stated === undefined ? null : Number(stated) }));
          },
          onResponseData: (_, piece) => attempt(() => onPiece(piece)),
          onResponseEnd: () => end(resolve),
          onResponseError: (_, error) => end(() => reject(new BrokenConnection(error.message, { cause: error }))),
        },
      );
    });
  } finally {
    signal.removeEventListener('abort', interrupt);
    await agent.destroy();
  }
}
