/** Keeps the picture-in-picture window open when another element takes the place of the one that it shows. */
export function keepPictureInPicture(from: Element, to: Element): void {
  if (document.pictureInPictureElement !== from) return;
  // A canvas cannot be shown there: the window closes.
  if (to instanceof HTMLVideoElement) to.requestPictureInPicture().catch(() => document.exitPictureInPicture());
}
