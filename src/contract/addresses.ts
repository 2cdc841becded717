/** The groups and ports that have a meaning before anything is configured. All are defaults; none is registered. */

/** Where a viewer asks "who is there?": all servers on a network listen here. Inside RFC 2365's local scope. */
export const DISCOVERY_GROUP = '239.255.255.240';
export const QUERY_PORT = 5600;

/** Where a server answers. */
export const CONTROL_PORT = 5601;

/** SAP's address inside the administrative scope 239.255.0.0/16 is the highest of that scope (RFC 2974, section 3). */
export const SAP_GROUP = '239.255.255.255';
export const SAP_PORT = 9875;

/** A station takes so many ports from its own on; each of them but its own is an even one, for odd ports are RTCP's. */
export const PORTS_PER_STATION = 8;
/** The ports of the parity of columns and of rows, counted from the station's (SMPTE 2022-1). */
export const FEC_PORT_OFFSETS = { columns: 2, rows: 4 } as const;
/** The port of packets that are sent again to the whole group, counted from the station's. */
export const REPAIR_PORT_OFFSET = 6;
