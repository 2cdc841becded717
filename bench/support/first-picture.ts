/** When a viewer has its first picture. */
import type { StationReceiver } from '../../src/receiver/station-receiver.js';
import { Pid, pidOf, startsPayloadUnit, TS_PACKET_LENGTH } from '../../src/wire/ts.js';

/** Resolves when the first picture and the start of the next can be read. */
export async function firstPicture({ buffer }: StationReceiver): Promise<void> {
  const settled = (cursor: Parameters<typeof buffer.wait>[0]) =>
    new Promise<void>((resolve) => buffer.wait(cursor, resolve));
  await settled(null);
  const cursor = buffer.openAtLastRandomAccess();
  if (cursor === null) throw new Error('the stream has ended');
  for (let begun = 0; begun < 2; ) {
    await settled(cursor);
    for (const { data } of buffer.read(cursor, 1 << 20) ?? []) {
      // What somebody else has sent need not be whole packets.
      for (let at = 0; at + TS_PACKET_LENGTH <= data.length; at += TS_PACKET_LENGTH) {
        if (pidOf(data, at) === Pid.video && startsPayloadUnit(data, at)) begun++;
      }
    }
  }
}
