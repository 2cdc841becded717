/** The figures of a station of which nothing is known. A file of its own: pages take it without the schemas. */
import type { StationFigures } from './api.js';

export const noFigures = (id: string): StationFigures => ({
  id,
  rate: 0,
  lateness: null,
  lost: 0,
  viewers: 0,
  receivers: 0,
  reporting: 0,
  loss: { p50: 0, p95: 0 },
  missed: 0,
  unrepaired: 0,
});
