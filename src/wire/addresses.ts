/** The groups and ports that have a meaning before anything is configured. All are defaults; none is registered. */

/** Where a viewer asks "who is there?": all servers on a network listen here. Inside RFC 2365's local scope. */
export const DISCOVERY_GROUP = '239.255.255.240';
export const QUERY_PORT = 5600;

/** Where a server answers. */
export const CONTROL_PORT = 5601;

/** SAP's address inside the administrative scope 239.255.0.0/16 is the highest of that scope (RFC 2974, section 3). */
export const SAP_GROUP = '239.255.255.255';
export const SAP_PORT = 9875;
