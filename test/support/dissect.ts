/** Dissects datagrams by Wireshark. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { scratchFolder } from './spool.js';

const PORT = 5601;
/** LINKTYPE_IPV4, https://www.tcpdump.org/linktypes.html: each packet is one of IPv4, without anything before it. */
const LINKTYPE_IPV4 = 228;
const PCAP_HEADER = 24;
const RECORD_HEADER = 16;
const IP_HEADER = 20;
const UDP_HEADER = 8;

/**
 * Values of the named fields, in order, that `tshark` finds in a datagram decoded as `protocol`. Throws where tshark
 * objects to the datagram.
 */
export function dissect(
  context: TestContext,
  datagram: Buffer,
  protocol: 'rtp' | 'rtcp',
  fields: readonly string[],
): Record<string, string[]> {
  const file = join(scratchFolder(context), 'capture.pcap');
  writeFileSync(file, pcap(datagram));
  const wanted = [...fields, '_ws.expert.message', '_ws.malformed'].flatMap((field) => ['-e', field]);
  const words = ['-r', file, '-d', `udp.port==${PORT},${protocol}`, '-T', 'json', ...wanted];
  const output = execFileSync('tshark', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [packet] = JSON.parse(output) as [{ _source: { layers: Record<string, string[]> } }];
  const { '_ws.expert.message': complaint, '_ws.malformed': malformed, ...found } = packet._source.layers;
  if (complaint ?? malformed) throw new Error(`tshark objects: ${complaint ?? malformed}`);
  return found;
}

/** A file with one datagram, https://www.tcpdump.org/manpages/pcap-savefile.5.html. */
function pcap(datagram: Buffer): Buffer {
  const head = Buffer.alloc(PCAP_HEADER + RECORD_HEADER + IP_HEADER + UDP_HEADER);
  const length = IP_HEADER + UDP_HEADER + datagram.length;
  head.writeUInt32LE(0xa1b2c3d4, 0); // magic number
  head.writeUInt16LE(2, 4); // version 2.4
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(0xffff, 16); // snapshot length
  head.writeUInt32LE(LINKTYPE_IPV4, 20);
  const record = PCAP_HEADER;
  head.writeUInt32LE(length, record + 8); // captured packet length
  head.writeUInt32LE(length, record + 12); // original packet length
  const ip = record + RECORD_HEADER;
  head[ip] = 0x45; // version 4, 5 words
  head.writeUInt16BE(length, ip + 2); // total length
  head[ip + 8] = 64; // time to live
  head[ip + 9] = 17; // protocol: UDP
  head.writeUInt32BE(0x7f000001, ip + 12); // source and destination address
  head.writeUInt32BE(0x7f000001, ip + 16);
  const udp = ip + IP_HEADER;
  head.writeUInt16BE(PORT, udp); // source and destination port
  head.writeUInt16BE(PORT, udp + 2);
  head.writeUInt16BE(UDP_HEADER + datagram.length, udp + 4); // length
  return Buffer.concat([head, datagram]);
}
