import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { defineConfig } from 'vite';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Writes the compressed forms of every file beside it: the gateway sends what a browser accepts. */
const compress = {
  name: 'compress',
  async writeBundle({ dir }, bundle) {
    const write = async (name, { code, source }) => {
      await writeFile(join(dir, `${name}.br`), await promisify(brotliCompress)(code ?? source));
      await writeFile(join(dir, `${name}.gz`), await promisify(gzip)(code ?? source, { level: 9 }));
    };
    await Promise.all(Object.entries(bundle).map(([name, file]) => write(name, file)));
  },
};

export default defineConfig({
  root: here('.'),
  base: '/',
  publicDir: here('public'),
  plugins: [compress],
  build: {
    outDir: here('../dist/web'),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    rollupOptions: {
      input: [here('index.html'), here('operator.html')],
      // Compressing takes most of the time.
      checks: { bundlerTimings: false },
    },
  },
  worker: { format: 'es' },
});
