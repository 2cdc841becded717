/** The operator's commands, as plain data. The server that puts the stations on the air executes them. */

/**
 * A command. `station` is the id of a station; null: every station.
 * - `start`, `stop`: put a station on the air, take it off the air
 * - `skip`: go on with the next item
 * - `reload`: read the source folder again: new files are prepared and played, missing files are dropped
 * - `rename`: change the name; id and group stay
 * - `reorder`: play the items in this order from the next one on: the ids of `ServerStation.items`, each once
 * - `show`: repeat a slate in place of the programme, of one station or of every station on the air
 * - `resume`: go back from the slate to the programme
 */
export type OperatorCommand =
  | { readonly do: 'start' | 'stop' | 'skip' | 'reload'; readonly station: string }
  | { readonly do: 'rename'; readonly station: string; readonly name: string }
  | { readonly do: 'reorder'; readonly station: string; readonly items: readonly string[] }
  | { readonly do: 'show'; readonly station: string | null; readonly slate: string }
  | { readonly do: 'resume'; readonly station: string | null };

/** What can be done to one station. */
export const stationActions = ['start', 'stop', 'skip', 'rename', 'reorder', 'reload', 'show', 'resume'] as const;
export type StationAction = (typeof stationActions)[number] & OperatorCommand['do'];
