/** Stats of a station without samples. In its own file, so that pages do not import the schemas. */
import type { StationStats } from './api.js';

export const noStats = (id: string): StationStats => ({
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
