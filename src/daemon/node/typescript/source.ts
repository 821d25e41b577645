import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { type HelperMode, transformSync } from 'oxc-transform';
import { helpersPrelude } from './helpers.js';

export type ModuleFormat = 'module' | 'commonjs';

export interface JavaScriptSource {
  readonly code: string;
  readonly format: ModuleFormat;
}

const extension = /\.(?:[mc]?ts|tsx)$/;

/** Files that are turned into JavaScript here: never those of installed packages, which are published ready to run. */
export function isTypeScript(path: string): boolean {
  return extension.test(path) && !/[\\/]node_modules[\\/]/.test(path);
}

/** The enum exists in oxc's types only. */
const externalHelpers = 'External' as HelperMode;

/**
 * Reads a TypeScript file as JavaScript: everything the language has, enums and parameter properties too, with a source map
 * inside so that stacks name the author's lines.
 * @throws SyntaxError that names file, line and column.
 */
export function readTypeScript(path: string): JavaScriptSource {
  const text = readFileSync(path, 'utf8');
  const result = transformSync(path, text, {
    lang: path.endsWith('x') ? 'tsx' : 'ts',
    target: 'es2022',
    sourcemap: true,
    decorator: { legacy: true, emitDecoratorMetadata: true },
    helpers: { mode: externalHelpers },
  });
  const [mistake] = result.errors;
  if (mistake !== undefined) throw new SyntaxError(describeMistake(path, text, mistake));
  const map = { ...result.map, sources: [path], sourcesContent: undefined };
  const encoded = Buffer.from(JSON.stringify(map)).toString('base64');
  // On the first line, so that the map's lines stay true.
  const prelude = Object.keys(result.helpersUsed).length === 0 ? '' : helpersPrelude;
  const code = dropAddedMark(result.code, text);
  return {
    code: `${prelude}${code}\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`,
    format: formatOf(path, code),
  };
}

/**
 * Where all imports and exports were of types, oxc leaves `export {}` in their place, which makes a module of a
 * CommonJS file. Node, which blanks types out, does not.
 */
function dropAddedMark(code: string, text: string): string {
  return /\bexport\s*\{\s*\}/.test(text) ? code : code.replace(/\nexport \{\};\n?$/, '\n');
}

/** By extension, then by the nearest package.json, then by what the text says, as Node does for JavaScript. */
function formatOf(path: string, code: string): ModuleFormat {
  if (path.endsWith('.mts')) return 'module';
  if (path.endsWith('.cts')) return 'commonjs';
  // A package of type commonjs may hold TypeScript with import and export, which tsc would rewrite: run it as it is meant.
  return packageType(path) === 'module' || hasModuleSyntax(code) ? 'module' : 'commonjs';
}

function packageType(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const { type } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: unknown };
      return typeof type === 'string' ? type : undefined;
    } catch (error) {
      if (!isMissing(error)) return undefined;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

const commonJsParameters = ['exports', 'require', 'module', '__filename', '__dirname'];

/** Whether the text can only be a module: it does not compile as CommonJS, and that is why. */
function hasModuleSyntax(code: string): boolean {
  const mistake = findMistake(code);
  if (mistake === undefined) return false;
  if (moduleOnly.test(mistake)) return true;
  // Errors about a top-level await have many wordings: see whether an async function would do.
  const asyncMistake = findMistake(`(async () => {${code}\n})`);
  return asyncMistake === undefined || moduleOnly.test(asyncMistake);
}

const moduleOnly =
  /import statement outside a module|Unexpected token 'export'|'import\.meta' outside a module/;

function findMistake(code: string): string | undefined {
  try {
    compileFunction(code, commonJsParameters);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Mistake {
  readonly message: string;
  readonly codeframe: string | null;
  readonly labels: readonly { readonly start: number }[];
}

function describeMistake(path: string, text: string, { message, codeframe, labels }: Mistake): string {
  const before = text.slice(0, labels[0]?.start ?? 0);
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  return `${message}\n    at ${path}:${line}:${column}${codeframe === null ? '' : codeframe.trimEnd()}`;
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
