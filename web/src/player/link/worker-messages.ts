/** Messages between the page and its worker. */
import type { Millis } from '../../../../src/base/units.js';
import type { ClientMessage, ServerMessage } from '../../../../src/contract/live.js';
import type { Connection } from '../player.js';

export type ToWorker =
  /** The first message. `url`: of the WebSocket. */
  { type: 'connect'; url: string } | { type: 'send'; message: ClientMessage } | { type: 'wake' };

export type FromWorker =
  | { type: 'connection'; connection: Connection }
  /** The server's time less this machine's. */
  | { type: 'clock'; offset: Millis }
  | { type: 'message'; message: ServerMessage }
  /** A frame as received; transferred to the page. */
  | { type: 'media'; frame: ArrayBuffer };
