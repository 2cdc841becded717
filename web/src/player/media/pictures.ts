/** Notifies of each picture that a video element shows. */
import { Millis } from '../../../../src/base/units.js';

export interface ShownPicture {
  /** Seconds. */
  mediaTime: number;
  /** When it is on the screen, by performance.now(). */
  at: Millis;
}

/** Calls `onPicture` for each picture, until the returned function is called. */
export function watchPictures(element: HTMLVideoElement, onPicture: (picture: ShownPicture) => void): () => void {
  if (!('requestVideoFrameCallback' in element)) return pollPictures(element, onPicture);
  let handle = 0;
  const next = (_now: number, { mediaTime, expectedDisplayTime }: VideoFrameCallbackMetadata) => {
    handle = element.requestVideoFrameCallback(next);
    onPicture({ mediaTime, at: Millis(expectedDisplayTime) });
  };
  handle = element.requestVideoFrameCallback(next);
  return () => element.cancelVideoFrameCallback(handle);
}

/** For browsers without requestVideoFrameCallback: polls the element's time at each refresh of the screen. */
function pollPictures(element: HTMLVideoElement, onPicture: (picture: ShownPicture) => void): () => void {
  let handle = 0;
  let last = -1;
  const look = (at: number) => {
    handle = requestAnimationFrame(look);
    if (element.readyState < element.HAVE_CURRENT_DATA || element.seeking || element.currentTime === last) return;
    last = element.currentTime;
    onPicture({ mediaTime: last, at: Millis(at) });
  };
  handle = requestAnimationFrame(look);
  return () => cancelAnimationFrame(handle);
}
