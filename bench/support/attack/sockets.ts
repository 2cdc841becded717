/** An attacker's sockets. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A socket of an address of its own, which also sends to groups from there. */
export async function openSender(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  socket.setMulticastInterface(address);
  return socket;
}

/** A socket that receives what is sent to a port of a group, at the interface with this address. */
export async function openListener(group: string, port: number, address: string): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind(port, group);
  await once(socket, 'listening');
  socket.addMembership(group, address);
  return socket;
}
