/** The page's root component, and its keyboard handling. */
import { render } from 'preact';
import { Page, type PageOptions } from './app/page.js';
import { Guide } from './guide/guide.js';
import { Keys } from './help/keys.js';
import { keyName } from './state/keys.js';
import { isTyping } from './ui/focus.js';
import { Messages } from './ui/messages.js';
import './ui/page.css';
import './ui/dialog.css';
import { PageContext, usePage } from './ui/use-page.js';
import { Wall } from './wall/wall.js';
import { List } from './watch/list.js';
import { Menu } from './watch/menu.js';
import { More, Timer } from './watch/more.js';
import { Watch } from './watch/watch.js';

const dialogs = { menu: Menu, list: List, guide: Guide, more: More, timer: Timer, keys: Keys } as const;

function App() {
  const { view, dialog } = usePage().state.value;
  const Open = dialog && dialogs[dialog];
  return (
    <div class={`page page-${view}`}>
      {view === 'wall' ? <Wall /> : <Watch />}
      {Open && <Open key={dialog} />}
      {(dialog === null || dialog === 'menu') && <Messages />}
    </div>
  );
}

/** Renders the page; returns a function that closes it. */
export function startPage(root: HTMLElement, options: PageOptions): () => void {
  const page = new Page(options);
  const onKeyDown = (event: KeyboardEvent) => {
    const key = keyName(event);
    if (key === null || event.defaultPrevented || isTyping(event.target)) return;
    const target = event.target instanceof Element ? event.target : null;
    // Focused buttons and links handle these keys, unless a number is being typed.
    const isPress = key === 'space' || (key === 'enter' && page.state.peek().typed === '');
    if (isPress && target?.matches('button, a')) return;
    if (target?.matches('input[type=range]') && /^(left|right|up|down|home|end|pgup|pgdn)$/.test(key)) return;
    if (page.key(key)) event.preventDefault();
  };
  addEventListener('keydown', onKeyDown);
  render(
    <PageContext.Provider value={page}>
      <App />
    </PageContext.Provider>,
    root,
  );
  return () => {
    removeEventListener('keydown', onKeyDown);
    render(null, root);
    page.close();
  };
}

/** Null where the browser denies access to the storage. */
export function storageOf(window: Window): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
