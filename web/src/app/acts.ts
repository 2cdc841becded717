/** What the page asks of the browser: full screen, the clipboard, what headsets and lock screens show. */

/** Rejects where the browser has none, or does not allow it. */
export async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}

/** On a plain-HTTP network browsers have no clipboard; what is selected can be copied all the same. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.setAttribute('aria-hidden', 'true');
    field.className = 'visually-hidden';
    const before = document.activeElement;
    document.body.append(field);
    field.select();
    const copied = document.execCommand('copy');
    field.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    return copied;
  }
}

export interface Session {
  title: string;
  station: string;
  artwork: string | null;
  paused: boolean;
}

/** Tells the system what plays; null: nothing. */
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

/** Keys of headsets, keyboards and lock screens, by the names of ours. */
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
