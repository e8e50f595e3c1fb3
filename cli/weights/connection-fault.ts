import { UserError } from '../../artifacts/user-error.js';
import { proxyFor } from './proxy.js';

/** An answer of a server that is not the file. */
export class WrongAnswer extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The connection failed; `cause` says how. */
export class BrokenConnection extends Error {}

/** The server closed the connection in good order before the file was whole. */
export class EarlyEnd extends Error {}

export interface ConnectionFault {
  readonly message: string;
  /** Whether trying again may help. */
  readonly passing: boolean;
  /** `target`: where the file may be put by hand. */
  asUserError(target: string): UserError;
}

/** System errors of connections, in words. */
const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'this name is unknown: no network, or a proxy is needed',
  EAI_AGAIN: 'this name cannot be looked up: no network, or a proxy is needed',
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection was reset',
  ENETUNREACH: 'there is no network',
  EHOSTUNREACH: 'there is no way to it',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the download stands still',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the connection ended early',
};

/** Names of certificate faults in OpenSSL and Node. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;

/** What will not change by trying again at once. */
const lasting = new Set(['ENOTFOUND', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH']);

const disk: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  EACCES: 'no permission to write there',
  EROFS: 'a read-only file system',
  ENOTDIR: 'something on its path is a file, not a folder',
  EEXIST: 'something on its path is a file, not a folder',
};

/** What is behind a failed connection, through the wrappings of errors. Faults that are none of these are thrown on. */
export function connectionFault(error: unknown, url: string): ConnectionFault {
  const { host, protocol } = new URL(url);
  const chain = causes(error);
  const code = chain.map((one) => (one as NodeJS.ErrnoException).code).find((one) => one !== undefined) ?? '';
  const answer = chain.find((one) => one instanceof WrongAnswer);
  const proxy = proxyFor(protocol);
  const through = proxy ? ` through the proxy ${proxy}` : '';
  const onDisk = disk[code];
  if (onDisk) {
    const { path } = chain.at(-1) as NodeJS.ErrnoException;
    return fault(
      `the file cannot be written${path ? ` (${path})` : ''}: ${onDisk}`,
      false,
      () => 'Make room, or choose another folder with VOXREEL_WEIGHTS.',
    );
  }
  if (answer) {
    const status = answer.status >= 400 ? `${answer.status} ${answer.message}` : answer.message;
    return fault(`${url} answers: ${status}`, answer.status >= 500 || answer.status === 416, (target) =>
      answer.status < 400
        ? 'A login page of this network, perhaps? Open the address in a browser first.'
        : byHand(url, target, proxy),
    );
  }
  const tunnel = chain.map(({ message }) => /Proxy response \((\d+)\)/.exec(message)?.[1]).find(Boolean);
  if (tunnel) {
    return fault(`the proxy ${proxy} refuses the connection to ${host} (${tunnel})`, false, () =>
      tunnel === '407'
        ? 'It wants a name and a password: HTTPS_PROXY=http://name:password@host:port'
        : 'Ask who runs it, or set NO_PROXY for this host.',
    );
  }
  const last = chain.at(-1)!;
  if (CERTIFICATE.test(code)) {
    const hint = 'A proxy that reads along? Name the file of its certificate in NODE_EXTRA_CA_CERTS.';
    return fault(`${host}${through}: its certificate is not trusted (${last.message})`, false, () => hint);
  }
  if (!(error instanceof BrokenConnection || last instanceof EarlyEnd)) throw error;
  const reason = reasons[code] ?? last.message;
  return fault(`${host}${through}: ${reason}`, !lasting.has(code), (target) => byHand(url, target, proxy));
}

function fault(message: string, passing: boolean, hint: (target: string) => string): ConnectionFault {
  return { message, passing, asUserError: (target) => new UserError({ message, hint: hint(target) }) };
}

function byHand(url: string, target: string, proxy: string | undefined): string {
  const first = proxy
    ? 'The proxy comes from HTTPS_PROXY or HTTP_PROXY; is it right?'
    : 'Behind a proxy, set HTTPS_PROXY.';
  return `${first} Without network here, download ${url} elsewhere, put it at ${target} and run the same command: it verifies the file. What came so far is kept.`;
}

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let one = error; one instanceof Error && chain.length < 8; one = one.cause) {
    chain.push(one);
    // Several addresses of one host, each with its own failure.
    if (one instanceof AggregateError && one.errors[0] instanceof Error) chain.push(one.errors[0]);
  }
  return chain;
}
