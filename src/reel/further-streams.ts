/**
 * The elementary streams that a station has beside pictures and main sound, as they lie in its transport stream. They are part
 * of the station's layout, so that all its items have the same PIDs and the same PMT.
 */
import type { FurtherStream, StationLayout } from '../media/settings.js';
import { SUBTITLE_PAGE_ID } from '../wire/dvb-subtitle.js';
import { iso639Part2 } from '../wire/iso-639.js';
import { StreamId } from '../wire/pes.js';
import {
  AC3_DESCRIPTOR,
  type ElementaryStream,
  ENHANCED_AC3_DESCRIPTOR,
  languageDescriptor,
  pmtPacket,
  subtitlingDescriptor,
  videoStreamOf,
} from '../wire/psi.js';
import type { TransportFormat } from '../wire/station-format.js';
import { Pid, StreamType } from '../wire/ts.js';

export type { FurtherStream };

type Streams = Pick<StationLayout, 'language' | 'further'>;

/** The PMT of a station of that format and layout. The continuity counter is 0. */
export const pmtOf = (format: TransportFormat, { language, further = [] }: Streams): Buffer =>
  pmtPacket({
    video: videoStreamOf(format),
    audio: language === undefined ? [] : descriptorOf(language),
    further: further.map(inPmt),
  });

/** The PID of further stream `index`, from 0. */
export const furtherPid = (index: number): number => Pid.further + index;

/** The stream_id in the PES headers of a further stream; `index`: its place, from 0. */
export const furtherStreamId = (stream: FurtherStream, index: number): number =>
  stream.kind === 'sound' && !stream.codec ? StreamId.audio + 1 + index : StreamId.private1;

/** Kinds of streams whose units last until the next one begins: a splice has to go on with them without a gap. */
export const isContinuous = ({ kind }: FurtherStream): boolean => kind === 'sound';

const descriptorOf = (language: string): number[] => languageDescriptor(iso639Part2(language));

function inPmt(stream: FurtherStream): ElementaryStream {
  const { language } = stream;
  if (stream.kind === 'subtitles') {
    const descriptors = subtitlingDescriptor(iso639Part2(language), SUBTITLE_PAGE_ID);
    return { streamType: StreamType.privatePes, descriptors };
  }
  const descriptors = descriptorOf(language);
  if (!stream.codec) return { streamType: StreamType.aacAdts, descriptors };
  const own = stream.codec === 'ac-3' ? AC3_DESCRIPTOR : ENHANCED_AC3_DESCRIPTOR;
  return { streamType: StreamType.privatePes, descriptors: [...own, ...descriptors] };
}
