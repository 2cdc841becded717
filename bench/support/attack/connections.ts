/** Attacks with HTTP connections. */
import { connect, type Socket } from 'node:net';
import type { AttackTask, Prepare } from './attacks.js';
import { pacedEach } from './pace.js';

/** Connections that an attacker holds at most: as many as a server takes in all. */
const MOST_HELD = 8_192;
/** Its addresses for them: servers that have a fixed limit for each take 1,024 of one. */
const ADDRESSES = 9;
/** Guesses of a password a second. */
const GUESSES = 100;
/** Between two bytes of a header that never ends, ms. */
const DRIP = 1_000;

/** Opens connections, sends each the beginning, and holds them. */
const holding =
  (most: number, beginning: string, drip = ''): Prepare =>
  async ({ http, from, connections }: AttackTask) => {
    const open = new Set<Socket>();
    const begin = (i: number) => {
      if (open.size >= most) return;
      const socket = connect({ host: http.address, port: http.port, localAddress: from[i % ADDRESSES]! });
      open.add(socket);
      socket.on('connect', () => socket.write(beginning));
      socket.on('error', () => undefined);
      socket.on('close', () => open.delete(socket));
      socket.resume();
    };
    return async (until) => {
      const dripping = setInterval(() => {
        if (drip !== '') for (const socket of open) socket.write(drip);
      }, DRIP);
      let next = 0;
      const sent = await pacedEach(connections, until, () => begin(next++));
      clearInterval(dripping);
      for (const socket of open) socket.destroy();
      return sent;
    };
  };

const head = 'POST /api/v1/session HTTP/1.1\r\nHost: server\r\nContent-Type: application/json\r\n';

/** Guesses of the operator's password, from many addresses. */
const logins: Prepare = async ({ http, from }) => {
  const guess = (i: number) => {
    const body = JSON.stringify({ password: `guess ${i}` });
    const socket = connect({ host: http.address, port: http.port, localAddress: from[i % from.length]! });
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(`${head}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  };
  let next = 0;
  return (until) => pacedEach(GUESSES, until, () => guess(next++));
};

export const connectionAttacks: Record<string, Prepare> = {
  bodies: holding(MOST_HELD, `${head}Content-Length: 100\r\n\r\n`),
  headers: holding(MOST_HELD, 'GET / HTTP/1.1\r\nHost: server\r\n', 'X'),
  idle: holding(1_100, ''),
  logins,
};
