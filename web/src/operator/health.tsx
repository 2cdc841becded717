/** The server's health checks: one line while all are good, and a line for each that is not. */
import type { Check } from '../../../src/contract/api.js';
import { useStore } from './use-store.js';

const order = { bad: 0, fair: 1, good: 2 } as const;
const words = { bad: 'Problem', fair: 'Note', good: 'Good' } as const;

export function Health() {
  const store = useStore();
  const checks = store.stats.value?.server.checks ?? [];
  const sorted = [...checks].sort((a, b) => order[a.state] - order[b.state]);
  const good = sorted.filter(({ state }) => state === 'good');
  const others = sorted.filter(({ state }) => state !== 'good');
  const open = store.session.value?.operator === 'loopback';
  return (
    <section class="health" aria-label="Health">
      <ul class="checks">
        {others.map((check) => (
          <CheckRow key={check.id} {...check} />
        ))}
        {open && (
          <li class="check">
            <CheckIcon state="fair" />
            <p>
              <strong>No password is set.</strong> Only this machine can use this page. To allow others, run{' '}
              <code>msc operator password</code>
            </p>
          </li>
        )}
        {good.length > 0 && (
          <li class="check check-good">
            <CheckIcon state="good" />
            <details>
              <summary>
                {others.length === 0 ? 'All checks are good' : `${good.length} of ${sorted.length} checks are good`}
              </summary>
              <ul class="check-list">
                {good.map(({ id, title, detail }) => (
                  <li key={id}>
                    <strong>{title}.</strong> {detail}
                  </li>
                ))}
              </ul>
            </details>
          </li>
        )}
      </ul>
    </section>
  );
}

function CheckRow({ state, title, detail }: Check) {
  return (
    <li class={`check check-${state}`}>
      <CheckIcon state={state} />
      <p>
        <strong>{/[.!]$/.test(title) ? title : `${title}.`}</strong> {detail}
      </p>
    </li>
  );
}

/** Differs in shape as well as in colour. */
function CheckIcon({ state }: { state: Check['state'] }) {
  return (
    <>
      <svg class={`check-icon check-icon-${state}`} viewBox="0 0 16 16" aria-hidden="true">
        {state === 'good' && <path d="m3 8.5 3.2 3.2L13 4.8" />}
        {state === 'fair' && <circle cx="8" cy="8" r="4" />}
        {state === 'bad' && <path d="M8 2.5v7M8 13v.2" />}
      </svg>
      <span class="visually-hidden">{words[state]}: </span>
    </>
  );
}
