/** Logging in. */
import { useState } from 'preact/hooks';
import { Refused } from './api.js';
import { Button } from './button.js';
import { useStore } from './use-store.js';

export function LogIn() {
  const store = useStore();
  const [password, setPassword] = useState('');
  const [refusal, setRefusal] = useState('');
  const [busy, setBusy] = useState(false);

  const logIn = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setRefusal('');
    try {
      await store.logIn(password);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setRefusal(error.message);
      setPassword('');
    } finally {
      setBusy(false);
    }
  };

  return (
    <form class="card log-in" onSubmit={logIn}>
      <h2>Operator</h2>
      <label class="field">
        <span>Password</span>
        <input
          type="password"
          autocomplete="current-password"
          required
          maxLength={200}
          value={password}
          aria-describedby="refusal"
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <p id="refusal" class="refusal" role="alert">
        {refusal}
      </p>
      <Button type="submit" kind="primary" aria-disabled={busy}>
        Log in
      </Button>
      <p class="hint">
        Forgotten? Set another on the server’s machine with <code>msc operator password</code>
      </p>
    </form>
  );
}

/** No password is set, and this is not the server's machine. */
export function NotHere() {
  const store = useStore();
  return (
    <section class="card log-in">
      <h2>Operator</h2>
      <p>
        No password is set, so this page is available on the server’s machine only. To use it from other machines, set a
        password there:
      </p>
      <pre>
        <code>msc operator password</code>
      </pre>
      <Button kind="primary" onClick={() => void store.connect()}>
        Try again
      </Button>
    </section>
  );
}
