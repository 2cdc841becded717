/** The operator's page: the content depends on the session. */
import { Header } from './header.js';
import { Health } from './health.js';
import { LogIn, NotHere } from './log-in.js';
import { Stations } from './stations.js';
import { Summary } from './summary.js';
import { useStore } from './use-store.js';
import { Viewers } from './viewers.js';

export function App() {
  const session = useStore().session.value;
  return (
    <>
      <Header />
      <main id="main" tabIndex={-1}>
        <h1 class="visually-hidden">Operator</h1>
        <Content inside={session && session.operator !== null} password={session?.password ?? false} />
      </main>
      <Messages />
    </>
  );
}

function Content({ inside, password }: { inside: boolean | null; password: boolean }) {
  const { stats } = useStore();
  if (inside === null) return <p class="nothing">Connecting to the server …</p>;
  if (!inside) return password ? <LogIn /> : <NotHere />;
  if (stats.value === null) return <p class="nothing">Connecting to the server …</p>;
  return (
    <>
      <Health />
      <Summary />
      <Stations />
      <Viewers />
    </>
  );
}

/** Results of commands, and the loss of the connection. */
function Messages() {
  const store = useStore();
  const lost = store.stats.value !== null && !store.connected.value;
  const toast = store.toast.value;
  return (
    <div class="messages" role="status">
      {lost && <p class="toast toast-lost">Connection lost, reconnecting</p>}
      {toast && <p class={`toast ${toast.bad ? 'toast-error' : ''}`}>{toast.text}</p>}
    </div>
  );
}
