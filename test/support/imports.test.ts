import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf } from './imports.js';

const specifiers = (text: string) => importsOf(text).map(({ specifier }) => specifier);

test('static, dynamic, type and worker imports are found, also across lines', () => {
  const text = `
    import a from './a.js';
    import {
      b,
      type B,
    } from './b.js';
    import type { C } from './c.js';
    export * from './d.js';
    export { e } from "./e.js";
    import './f.js';
    const g = await import('./g.js');
    let h: import('./h.js').H;
    new Worker(new URL('./i.js', import.meta.url));
    const j = await import(\`./j.js\`);
  `;
  assert.deepEqual(
    specifiers(text).sort(),
    'abcdefghij'.split('').map((name) => `./${name}.js`),
  );
});

test('type imports are distinguished from loaded modules', () => {
  const loaded = (text: string) => importsOf(text).filter(({ isType }) => !isType).length;
  assert.equal(loaded("import type { A } from './a.js'; let b: import('./b.js').B;"), 0);
  assert.equal(
    loaded("import { type A } from './a.js'; export { b } from './b.js'; const c = await import('./c.js');"),
    3,
  );
});

test('imports in comments are ignored', () => {
  assert.deepEqual(specifiers("// import './a.js'\n/* import './b.js' */ const url = 'http://x'; import './c.js';"), [
    './c.js',
  ]);
});
