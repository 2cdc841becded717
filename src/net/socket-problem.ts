/** Errors of sockets as Problems. */
import { messageOf, Problem, systemCode } from '../base/problem.js';

/** A Problem for an error of opening, joining or sending; `where` is the address and port. */
export function socketProblem(error: unknown, where: { address: string; port: number }): Problem {
  const at = `${where.address}:${where.port}`;
  const because = { cause: error };
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new Problem(
        'network',
        `Port ${where.port} (${at}) is in use by another program that does not share it`,
        'End that program or choose another port.',
        because,
      );
    case 'EACCES':
      return new Problem(
        'network',
        `This user may not use ${at}`,
        'Choose a port above 1023, or ask the administrator of this machine’s firewall.',
        because,
      );
    case 'EADDRNOTAVAIL':
    case 'ENODEV':
      return new Problem(
        'network',
        `No interface of this machine has the address ${where.address}, or it cannot multicast`,
        'Choose an interface that is up with --interface.',
        because,
      );
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return new Problem(
        'network',
        `There is no route to ${at}`,
        'Check the cable or Wi-Fi; on macOS allow this program in Privacy & Security, Local Network.',
        because,
      );
    default:
      return new Problem(
        'network',
        `The network refused ${at}: ${messageOf(error)}`,
        'Check the interface with --interface.',
        because,
      );
  }
}

/** A Problem for a socket that cannot send from the interface with this address. */
export const sendProblem = (error: unknown, interfaceAddress: string): Problem =>
  new Problem(
    'network',
    `cannot send from ${interfaceAddress}: ${systemCode(error) ?? messageOf(error)}`,
    'Choose one of this machine’s interfaces with --interface.',
    { cause: error },
  );
