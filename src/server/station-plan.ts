/** The identity of a station on the network, before it is known whether its files can be played. */
import { Problem } from '../base/problem.js';
import { distinctId } from '../contract/station-id.js';
import { type StationAddress, stationAddress, stationId } from '../station/identity.js';
import type { StationFormat } from '../wire/station-format.js';
import type { StationConfig } from './config.js';
import { type Preferences, preferencesOf } from './preferences.js';
import type { StationSource } from './sources.js';

export interface StationPlan extends StationAddress {
  number: number;
  id: string;
  /** The operator may change it; id and group stay. */
  name: string;
  format: StationFormat;
  source: StationSource;
  preferences: Preferences;
}

/** Plans of a server's stations, by each property that no two of them share. */
export class Plans {
  readonly byId = new Map<string, StationPlan>();
  readonly byNumber = new Map<number, StationPlan>();
  readonly byGroup = new Map<string, StationPlan>();

  add(plan: StationPlan): void {
    this.byId.set(plan.id, plan);
    this.byNumber.set(plan.number, plan);
    this.byGroup.set(plan.group, plan);
  }

  delete(plan: StationPlan): void {
    this.byId.delete(plan.id);
    this.byNumber.delete(plan.number);
    this.byGroup.delete(plan.group);
  }
}

export interface PlanOptions {
  config: Omit<StationConfig, 'source'>;
  source: StationSource;
  /** Of a configuration that names none. */
  number: number;
  format: StationFormat;
  /** The server's; default none. */
  preferences?: Preferences;
  others: Plans;
}

/** A plan with an id and a group that no other has. Throws a Problem where the given number or group is in use. */
export function planStation({ config, source, others, ...defaults }: PlanOptions): StationPlan {
  const { name = source.title ?? source.name, number = defaults.number, format = defaults.format } = config;
  const sameNumber = others.byNumber.get(number);
  if (sameNumber) throw inUse(`the number ${number}`, name, sameNumber);
  const sameGroup = config.group === undefined ? undefined : others.byGroup.get(config.group);
  if (sameGroup) throw inUse(`the group ${config.group}`, name, sameGroup);
  const id = distinctId(stationId(config.name ?? source.name, format), others.byId);
  const { group, port } = stationAddress(id, others.byGroup);
  const preferences = preferencesOf(config, defaults.preferences ?? {});
  return { number, id, name, format, source: { ...source, name }, preferences, group: config.group ?? group, port };
}

const inUse = (what: string, name: string, other: StationPlan): Problem =>
  new Problem('usage', `${name} cannot have ${what}: ${other.name} has it`, 'Choose another, or leave it out.');
