import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].map((path) => join(root, path));

/** Text outside of code. */
const prose = (path: string) =>
  readFileSync(path, 'utf8')
    .replaceAll(/```[\s\S]*?```/g, '')
    .replaceAll(/`[^`\n]*`/g, 'code');

/** As GitHub makes them from headings: lower case, punctuation left out, hyphens for blanks. */
const anchorsOf = (path: string) =>
  [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );

test('every link of a document leads to a file, and every anchor to a heading', () => {
  const broken: string[] = [];
  let links = 0;
  for (const document of documents) {
    for (const [, address] of prose(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(address!)) continue;
      links++;
      const [path, anchor] = address!.split('#');
      const file = path === '' ? document : resolve(dirname(document), path!);
      const isThere = existsSync(file) && (anchor === undefined || anchorsOf(file).includes(anchor));
      if (!isThere) broken.push(`${relative(root, document)} → ${address}`);
    }
  }
  assert.ok(links > 100, `only ${links} links were found`);
  assert.deepEqual(broken, []);
});

test('every picture and document of docs is used by another document', () => {
  const linked = new Set(
    documents.flatMap((document) =>
      [...prose(document).matchAll(/\]\(([^)\s#]+)/g)].map(([, address]) => resolve(dirname(document), address!)),
    ),
  );
  const unused = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.(md|jpg|svg)$/.test(name) && !linked.has(join(root, 'docs', name)),
  );
  assert.deepEqual(unused, []);
});
