/** What the page and its worker say to each other. */
import type { ClientMessage, ServerMessage } from '../../../../src/contract/live.js';
import type { Connection } from '../player.js';

export type ToWorker =
  /** Comes first. `url` of the WebSocket. */
  { type: 'connect'; url: string } | { type: 'send'; message: ClientMessage } | { type: 'wake' };

export type FromWorker =
  | { type: 'connection'; connection: Connection }
  /** The server's time less this machine's. */
  | { type: 'clock'; offset: number }
  | { type: 'message'; message: ServerMessage }
  /** A frame as it came; it is the page's now. */
  | { type: 'media'; frame: ArrayBuffer };
