/** The options of a gateway: the address that it listens on, and proxies in front of it. */
import { isIP } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';
import { append } from './options.js';

export interface HttpAddress {
  host: string;
  /** 0: any that is free. */
  port: number;
  /** Whether any other port will do if that one is taken. */
  orAnother?: boolean;
}

const pattern = /^(?:(\[[0-9a-f:.]+\]|[^\s:[\]]+):)?(\d{1,5})$/i;

/** "8080" (on this machine only), "0.0.0.0:8080", "[::]:8080", "host.local:0". */
export function httpAddress(text: string): HttpAddress {
  const match = pattern.exec(text.trim());
  const port = Number(match?.[2]);
  if (match && port <= 65_535) return { host: match[1]?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port };
  throw new InvalidArgumentError('It is a port such as 8080, or an address and a port such as 0.0.0.0:8080.');
}

/** Once for each proxy. */
export const trustProxyOption = () =>
  new Option(
    '--trust-proxy <address>',
    'a reverse proxy in front of --http, by its IP address: clients are those that it names in X-Forwarded-For, and the ' +
      'operator needs a password at this machine too',
  ).argParser((text: string, before: string[] | undefined) => append(proxyAddress(text), before));

/** "127.0.0.1" stands for every proxy on this machine. */
function proxyAddress(text: string): string {
  const address = text.trim();
  if (isIP(address) !== 0) return address;
  throw new InvalidArgumentError('It is the IP address of the proxy: 127.0.0.1 for one on this machine.');
}
