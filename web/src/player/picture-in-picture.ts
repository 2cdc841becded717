/** The small window over other windows: it belongs to an element, and goes on when another takes that one's place. */
export function keepPictureInPicture(from: Element, to: Element): void {
  if (document.pictureInPictureElement !== from) return;
  // Where the new one cannot be there, the window closes: that is all.
  if (to instanceof HTMLVideoElement) to.requestPictureInPicture().catch(() => document.exitPictureInPicture());
}
