/** An IPv4 address and a UDP port. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** Names an address and port in a map. */
export const socketKey = ({ address, port }: SocketAddress): string => `${address}:${port}`;
