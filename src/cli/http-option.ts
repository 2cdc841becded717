/** The option `--http`: the address that a gateway listens on. */
import { InvalidArgumentError } from 'commander';

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
