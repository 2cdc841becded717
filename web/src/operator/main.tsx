import { render } from 'preact';
import { App } from './app.js';
import { Store } from './store.js';
import '../ui/page.css';
import './operator.css';
import './sheet.css';
import './stations.css';
import { StoreContext } from './use-store.js';

const store = new Store();
void store.connect();
render(
  <StoreContext.Provider value={store}>
    <App />
  </StoreContext.Provider>,
  document.getElementById('app')!,
);
