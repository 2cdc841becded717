/** The wall's header: name, search, buttons and clock. */
import { useEffect, useRef } from 'preact/hooks';
import { clockText, dateText } from '../state/texts.js';
import { IconButton } from '../ui/icon-button.js';
import { Icon } from '../ui/icons.js';
import { Mark } from '../ui/mark.js';
import { usePage } from '../ui/use-page.js';

interface HeaderProps {
  asked: string;
  onAsk: (text: string) => void;
  /** Opens the first result. */
  onEnter: () => void;
}

export function Header({ asked, onAsk, onEnter }: HeaderProps) {
  const page = usePage();
  const field = useRef<HTMLInputElement>(null);
  const wanted = page.wanted.search.value;
  const seen = useRef(wanted);
  useEffect(() => {
    if (seen.current === wanted) return;
    seen.current = wanted;
    field.current?.focus();
  }, [wanted]);
  const now = page.clock.value;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && asked !== '') onEnter();
    if (event.key !== 'Escape') return;
    onAsk('');
    document.querySelector<HTMLElement>('.tile a')?.focus();
  };
  return (
    <header class="head">
      <div class="head-brand">
        <Mark />
        <span>MultiStreamCast</span>
      </div>
      <search class="search head-search">
        <Icon name="search" />
        <input
          ref={field}
          type="search"
          data-move=""
          placeholder="Search"
          aria-label="Search stations and programmes"
          autocomplete="off"
          spellcheck={false}
          value={asked}
          onInput={(event) => onAsk(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <span class="key" aria-hidden="true">
          /
        </span>
      </search>
      <div class="head-buttons">
        <IconButton icon="guide" label="Guide" hint="g" data-move="" onClick={() => page.key('g')} />
        <IconButton icon="keys" label="Keys" hint="?" data-move="" onClick={() => page.key('?')} />
      </div>
      <div class="head-clock">
        <time class="head-time">{clockText(now)}</time>
        <span class="head-date note">{dateText(now)}</span>
      </div>
    </header>
  );
}
