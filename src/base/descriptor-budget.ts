/** How the descriptors of a process are shared out: what stations need first, the rest for HTTP. No system calls. */

/** Descriptors of the process itself, its sockets, its children and the files that it writes for a moment. */
const OWN = 128;
/** Of a thread: its event loop, and its part of the channels to it. Seven are in use on Linux. */
const OF_THREAD = 8;
/** Threads beside those that play: unicast, and reading from a few disks. */
const OTHER_THREADS = 4;
/** Of a connection: its socket, and a file that is being sent on it. */
const OF_CONNECTION = 2;
/** Of a station that a gateway receives: sockets of its group, parity, shared repairs and session. */
const OF_RECEIVER = 8;
/** Fewest connections: without any, nobody could see what is wrong. */
const LEAST_CONNECTIONS = 8;
/** Most stations that a gateway receives at once, all readers of the past included: each can have 64 MiB in memory. */
const MOST_RECEIVERS = 512;
/** Connections that are enough for one server: fewer are worth a line in the log. */
const ENOUGH = 1_000;

const connectionsOf = (rest: number): number => Math.max(LEAST_CONNECTIONS, Math.floor(rest / OF_CONNECTION));

/** Descriptors that a server needs without HTTP: `players` threads play at most, stations hold `files` open. */
export const neededByServer = ({ players, files }: { players: number; files: number }): number =>
  OWN + OF_THREAD * (players + OTHER_THREADS) + files;

/** Most connections of a process that may have `limit` descriptors (null: any number) and needs `needed` for the rest. */
export const connectionsBeside = (limit: number | null, needed: number): number =>
  limit === null ? Number.POSITIVE_INFINITY : connectionsOf(limit - needed);

/** Most stations received, and most connections, of a gateway on another machine: half of what is there for each. */
export function shareOfNetworkGateway(limit: number | null): { receivers: number; connections: number } {
  if (limit === null) return { receivers: MOST_RECEIVERS, connections: Number.POSITIVE_INFINITY };
  const rest = Math.max(0, limit - OWN);
  const receivers = Math.max(1, Math.min(MOST_RECEIVERS, Math.floor(rest / 2 / OF_RECEIVER)));
  return { receivers, connections: connectionsOf(rest - receivers * OF_RECEIVER) };
}

/** A line for the log where the limit leaves HTTP little; null: it does not. */
export function fewConnectionsLine(limit: number | null, connections: number): string | null {
  if (limit === null || connections >= ENOUGH) return null;
  return (
    `At most ${connections} connections by HTTP: this process may open ${limit} files and sockets, and stations have ` +
    'precedence. Raise the limit: ulimit -n 65536, or LimitNOFILE=65536 of the service.'
  );
}
