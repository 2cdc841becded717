/** An IPv4 address and a UDP port. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}
