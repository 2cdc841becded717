/** Browser functions that the page uses: full screen, and the media session of headsets and lock screens. */

/** Rejects where the browser does not support or allow it. */
export async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}

export interface Session {
  title: string;
  station: string;
  artwork: string | null;
  paused: boolean;
}

/** Shows the system what plays; null: nothing. */
export function showSession(session: Session | null): void {
  if (!('mediaSession' in navigator)) return;
  navigator.mediaSession.playbackState = session === null ? 'none' : session.paused ? 'paused' : 'playing';
  navigator.mediaSession.metadata =
    session &&
    new MediaMetadata({
      title: session.title,
      artist: session.station,
      artwork: session.artwork === null ? [] : [{ src: session.artwork, type: 'image/jpeg' }],
    });
}

/** Calls `press` with the page's own key for each media key. */
export function onSessionKeys(press: (key: string) => void): void {
  if (!('mediaSession' in navigator)) return;
  const keys = {
    play: 'p',
    pause: 'p',
    nexttrack: 'pgup',
    previoustrack: 'pgdn',
    seekbackward: 'left',
    seekforward: 'right',
  };
  for (const [action, key] of Object.entries(keys)) {
    navigator.mediaSession.setActionHandler(action as MediaSessionAction, () => press(key));
  }
}
