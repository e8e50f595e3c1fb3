import { UserError } from '../../artifacts/user-error.js';

const names = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'] as const;

const protocols = /^(https?|socks5?):$/;

/** Throws UserError for a proxy of the environment that is no address, such as `proxy:8080`. */
export function checkProxies(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of names) {
    const given = env[name];
    if (given && !(URL.canParse(given) && protocols.test(new URL(given).protocol))) {
      throw new UserError({
        message: `the proxy in ${name} is no address: ${given.replace(/^.*@/, '…@')}`,
        expected: 'http://host:port, or http://name:password@host:port',
      });
    }
  }
}

/** The proxy that applies, without its password. `protocol`: `https:` or `http:`. As undici chooses it. */
export function proxyFor(protocol: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const ofHttp = env.http_proxy ?? env.HTTP_PROXY;
  const given = protocol === 'https:' ? (env.https_proxy ?? env.HTTPS_PROXY) || ofHttp : ofHttp;
  return given ? new URL(given).host : undefined;
}
