/** Each picture that a video element shows, as it shows it. */

export interface ShownPicture {
  /** Seconds. */
  mediaTime: number;
  /** When it is on the screen, as of performance.now(). */
  at: number;
}

/** Calls `onPicture` for each, until the returned function is called. */
export function watchPictures(element: HTMLVideoElement, onPicture: (picture: ShownPicture) => void): () => void {
  if (!('requestVideoFrameCallback' in element)) return pollPictures(element, onPicture);
  let handle = 0;
  const next = (_now: number, { mediaTime, expectedDisplayTime }: VideoFrameCallbackMetadata) => {
    handle = element.requestVideoFrameCallback(next);
    onPicture({ mediaTime, at: expectedDisplayTime });
  };
  handle = element.requestVideoFrameCallback(next);
  return () => element.cancelVideoFrameCallback(handle);
}

/** Browsers without that: what the element says of its time, whenever the screen is drawn. */
function pollPictures(element: HTMLVideoElement, onPicture: (picture: ShownPicture) => void): () => void {
  let handle = 0;
  let last = -1;
  const look = (at: number) => {
    handle = requestAnimationFrame(look);
    if (element.readyState < element.HAVE_CURRENT_DATA || element.seeking || element.currentTime === last) return;
    last = element.currentTime;
    onPicture({ mediaTime: last, at });
  };
  handle = requestAnimationFrame(look);
  return () => cancelAnimationFrame(handle);
}
