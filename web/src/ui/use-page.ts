import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Page } from '../app/page.js';

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('A component stands outside of the page.');
  return page;
}
