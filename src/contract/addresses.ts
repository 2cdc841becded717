/** Default groups and ports. None is registered. */
import { PORTS_ABOVE } from '../wire/station-format.js';

/** Group and port of a viewer's query: all servers of a network listen here. Inside RFC 2365's local scope. */
export const DISCOVERY_GROUP = '239.255.255.240';
export const QUERY_PORT = 5600;

/** Control port of a server. */
export const CONTROL_PORT = 5601;

/** SAP's address inside the administrative scope 239.255.0.0/16 is the highest of that scope (RFC 2974, section 3). */
export const SAP_GROUP = '239.255.255.255';
export const SAP_PORT = 9875;

/** Number of ports of a station, from its own on. The others in use are even, because odd ports are RTCP's. */
export const PORTS_PER_STATION = 1 + PORTS_ABOVE;
/** Ports of the parity of columns and of rows, counted from the station's (SMPTE 2022-1). */
export const FEC_PORT_OFFSETS = { columns: 2, rows: 4 } as const;
/** Port of packets repeated to the whole group, counted from the station's. */
export const REPAIR_PORT_OFFSET = 6;
