// The page with made-up stations, for development and tests: `npx vite --config web/dev/vite.config.js`.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  publicDir: here('../public'),
  build: { outDir: here('../../dist/web-dev'), emptyOutDir: true, target: 'es2022' },
});
