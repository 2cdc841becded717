/** The identity of a station on the network, before it is known whether its files can be played. */
import { Problem } from '../base/problem.js';
import { distinctId } from '../contract/station-id.js';
import { type StationAddress, stationAddress, stationId } from '../station/identity.js';
import type { StationFormat } from '../wire/station-info.js';
import type { StationConfig } from './config.js';
import type { StationSource } from './sources.js';

export interface StationPlan extends StationAddress {
  number: number;
  id: string;
  /** The operator may change it; id and group stay. */
  name: string;
  format: StationFormat;
  source: StationSource;
}

export interface PlanOptions {
  config: Omit<StationConfig, 'source'>;
  source: StationSource;
  /** Of a configuration that names none. */
  number: number;
  format: StationFormat;
  /** Plans of the server's other stations. */
  others: readonly StationPlan[];
}

/** A plan with an id and a group that no other has. Throws a Problem where the number or the group given is in use. */
export function planStation({ config, source, others, ...defaults }: PlanOptions): StationPlan {
  const { name = source.name, number = defaults.number, format = defaults.format } = config;
  const sameNumber = others.find((other) => other.number === number);
  if (sameNumber) throw taken(`the number ${number}`, name, sameNumber);
  const sameGroup = others.find((other) => other.group === config.group);
  if (sameGroup) throw taken(`the group ${config.group}`, name, sameGroup);
  const id = distinctId(stationId(name, format), new Set(others.map((other) => other.id)));
  const address = stationAddress(id, new Set(others.map(({ group }) => group)));
  return {
    number,
    id,
    name,
    format,
    source: { ...source, name },
    ...address,
    ...(config.group !== undefined && { group: config.group }),
  };
}

const taken = (what: string, name: string, other: StationPlan): Problem =>
  new Problem('usage', `${name} cannot have ${what}: ${other.name} has it`, 'Choose another, or leave it out.');
