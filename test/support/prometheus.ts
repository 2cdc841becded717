/** A strict parser of Prometheus' text format, version 0.0.4. Throws where a scraper might reject the text. */
import assert from 'node:assert/strict';

export interface ParsedFamily {
  name: string;
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const suffixes: Record<string, readonly string[]> = {
  counter: [''],
  gauge: [''],
  summary: ['', '_sum', '_count'],
};

const escapes: Record<string, string> = { '\\\\': '\\', '\\n': '\n', '\\"': '"' };
const unescaped = (text: string): string => text.replaceAll(/\\[\\n"]/g, (pair) => escapes[pair]!);

const numberOf = (text: string): number => {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  assert.match(text, /^-?\d+(\.\d+)?(e[+-]?\d+)?$/);
  return Number(text);
};

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const match = /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,(?=.)|$)/s.exec(rest);
    assert.ok(match, `labels: ${rest}`);
    assert.ok(!(match[1]! in labels), `twice: ${match[1]}`);
    labels[match[1]!] = unescaped(match[2]!);
    rest = rest.slice(match[0].length);
  }
  return labels;
}

export function parseExposition(text: string, { duplicates = false } = {}): ParsedFamily[] {
  const families: ParsedFamily[] = [];
  const seen = new Set<string>();
  assert.ok(text.endsWith('\n'), 'the last line ends');
  for (const line of text.slice(0, -1).split('\n')) {
    const family = families.at(-1);
    const help = /^# HELP ([a-zA-Z_:][\w:]*) ((?:[^\\\n]|\\[\\n])*)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|summary)$/.exec(line);
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/s.exec(line);
    if (help) {
      assert.ok(!families.some(({ name }) => name === help[1]), `two families of one name: ${help[1]}`);
      families.push({ name: help[1]!, type: '', help: unescaped(help[2]!), samples: [] });
    } else if (type) {
      assert.ok(family && family.name === type[1] && family.type === '' && family.samples.length === 0, line);
      family.type = type[2]!;
      if (family.type === 'counter') assert.match(family.name, /_total$/);
    } else {
      assert.ok(sample && family && family.type !== '', `not understood: ${line}`);
      const [, name, labels = '', value] = sample;
      assert.ok(
        suffixes[family.type]!.some((suffix) => name === family.name + suffix),
        `${name} is not of ${family.name}`,
      );
      const identity = `${name}{${labels}}`;
      assert.ok(duplicates || !seen.has(identity), `twice: ${identity}`);
      seen.add(identity);
      family.samples.push({ name: name!, labels: labelsOf(labels!), value: numberOf(value!) });
    }
  }
  return families;
}
