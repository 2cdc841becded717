/** Replies about stations and viewers for the operator. */
import { type ApiViewers, type LineUp, MOST_VIEWERS } from '../../contract/api.js';
import type { GatewayContext } from '../context.js';

export function viewersOf({ viewers, operator }: GatewayContext, most = MOST_VIEWERS): ApiViewers {
  const { list } = viewers;
  const receivers = operator?.view().receivers ?? [];
  return {
    viewers: list.slice(0, most).map(([id, viewer]) => {
      const { kind, address, station, since, bytes, behind, moved, report } = viewer;
      return { id, kind, address, station, since, bytes, behind, moved, report };
    }),
    receivers: receivers.slice(0, most).map((receiver) => ({ ...receiver })),
    totals: { viewers: list.length, receivers: receivers.length },
  };
}

export function lineUpOf({ catalogue, operator }: GatewayContext): LineUp {
  if (!operator) {
    const stations = catalogue.stations.map(({ info, oldest }) => ({
      info: { ...info, oldest },
      onAir: true,
      items: [],
      leftOut: [],
      slate: null,
      actions: [],
      parity: null,
    }));
    return { stations, slates: [] };
  }
  const { stations, slates } = operator.view();
  const described = stations.map(({ info, onAir, items, leftOut, slate, actions, parity }) => ({
    info: { ...info, oldest: catalogue.find(info.id)?.oldest ?? null },
    onAir,
    items: items.map((item) => ({ ...item, notes: [...item.notes] })),
    leftOut: [...leftOut],
    slate,
    actions: [...actions],
    parity: parity?.mode ?? null,
  }));
  return { stations: described, slates: [...slates] };
}
