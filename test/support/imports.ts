/** The imports of a module, read from its text: a test of the architecture needs no compiler. */

export interface Import {
  specifier: string;
  /** Gone when the module runs. */
  isType: boolean;
}

/** Text without comments, so that an example in one is no import. Strings that hold "//" are kept. */
const withoutComments = (text: string): string =>
  text.replaceAll(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, quoted) => quoted ?? '',
  );

/**
 * Every import of a module: `import … from`, `export … from`, `import '…'`, `import('…')`, types in `import('…').T`, workers and
 * child processes by `new URL('…', import.meta.url)`.
 */
export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const [, type, specifier] of code.matchAll(
    /\b(?:import|export)\s+(type\s+)?[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/g,
  )) {
    found.push({ specifier: specifier!, isType: type !== undefined });
  }
  for (const [, specifier] of code.matchAll(/\bimport\s*['"]([^'"]+)['"]/g))
    found.push({ specifier: specifier!, isType: false });
  for (const [, before, specifier] of code.matchAll(
    /(\btypeof\s+|[:<|&,(=]\s*)?\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g,
  )) {
    found.push({ specifier: specifier!, isType: /^(typeof|[:<|&])/.test(before ?? '') });
  }
  for (const [, specifier] of code.matchAll(/new URL\(\s*['"`](\.[^'"`]*\.(?:js|ts))['"`]\s*,\s*import\.meta\.url/g)) {
    found.push({ specifier: specifier!, isType: true });
  }
  return found;
}
