/** Addresses to share. */
import type { ApiStation } from '../../../src/contract/api.js';
import { isTransport } from '../../../src/wire/station-format.js';
import { CopyRow } from './copy.js';
import { Sheet } from './sheet.js';

export function LinksSheet({ onClose }: { onClose: () => void }) {
  const { origin } = location;
  const local = /^(localhost|127\.|\[::1\])/.test(location.hostname);
  return (
    <Sheet title="Links" onClose={onClose}>
      <ul class="copies">
        <CopyRow title="Page for viewers" address={`${origin}/`} />
        <CopyRow title="M3U, by HTTP" address={`${origin}/stations.m3u`} />
        <CopyRow title="M3U, by multicast" address={`${origin}/stations.m3u?via=multicast`} />
        <CopyRow title="XMLTV guide" address={`${origin}/guide.xml`} />
        <CopyRow title="Metrics (Prometheus)" address={`${origin}/metrics`} />
        <CopyRow title="API (OpenAPI)" address={`${origin}/api/v1/openapi.json`} />
      </ul>
      {local && (
        <p class="hint">
          These links work on this machine only. For links to share, open this page by the machine’s name or address.
        </p>
      )}
    </Sheet>
  );
}

export function StationLinks({ station }: { station: ApiStation }) {
  const base = `${location.origin}/stations/${encodeURIComponent(station.id)}`;
  return (
    <ul class="copies">
      {isTransport(station.format) ? (
        <>
          <CopyRow title="HTTP" address={`${base}.ts`} />
          <CopyRow title="HLS" address={`${base}/index.m3u8`} />
        </>
      ) : (
        <CopyRow title="HTTP" address={`${base}.mjpeg`} />
      )}
      <CopyRow title="SDP" address={`${base}.sdp`} />
      <CopyRow title="Group" address={`rtp://@${station.group}:${station.port}`} />
    </ul>
  );
}
