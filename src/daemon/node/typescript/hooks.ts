/** Runs in Node's loader thread: the two hooks that make `import` understand TypeScript files (node:module, register). */

import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isTypeScript, readTypeScript } from './source.js';

/** Query parameter that marks one attempt at loading a script; what it imports carries it on. */
const attemptParameter = 'modhost-attempt';

/**
 * TypeScript files may name each other as TypeScript does: by their own extension, by that of the JavaScript they become,
 * or by none.
 */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const parent = context.parentURL;
  try {
    return carryAttempt(await nextResolve(specifier, context), parent);
  } catch (error) {
    const isLocal = /^(?:\.{0,2}\/|file:)/.test(specifier);
    if (!isLocal || parent === undefined || !isTypeScriptUrl(parent)) throw error;
    for (const candidate of otherNames(specifier)) {
      try {
        return carryAttempt(await nextResolve(candidate, context), parent);
      } catch {
        // The first error, with the name that the author wrote, is the one to show.
      }
    }
    throw error;
  }
};

export const load: LoadHook = (url, context, nextLoad) => {
  if (!isTypeScriptUrl(url)) return nextLoad(url, context);
  const { code, format } = readTypeScript(fileURLToPath(url));
  // CommonJS is read again through require() in the main thread, where it gets a real module object.
  return format === 'module' ? { format, source: code, shortCircuit: true } : { format, shortCircuit: true };
};

function isTypeScriptUrl(url: string): boolean {
  return url.startsWith('file:') && isTypeScript(fileURLToPath(url));
}

function otherNames(specifier: string): string[] {
  const javaScript = /^(.*)\.([mc]?)js(x?)$/.exec(specifier);
  if (javaScript !== null) {
    const [, stem, kind, x] = javaScript;
    return x === '' && kind === '' ? [`${stem}.ts`, `${stem}.tsx`] : [`${stem}.${kind}ts${x}`];
  }
  return ['.ts', '.tsx', '.js', '/index.ts', '/index.tsx', '/index.js'].map((end) => specifier + end);
}

/**
 * After a failed attempt Node would answer with the failed modules for ever; under new URLs they are loaded anew. Only
 * local files: installed packages are shared.
 */
function carryAttempt<Resolved extends { url: string }>(
  resolved: Resolved,
  parent: string | undefined,
): Resolved {
  if (parent === undefined || !parent.includes(attemptParameter) || !resolved.url.startsWith('file:'))
    return resolved;
  const attempt = new URL(parent).searchParams.get(attemptParameter);
  const url = new URL(resolved.url);
  if (attempt === null || url.pathname.includes('/node_modules/') || url.searchParams.has(attemptParameter))
    return resolved;
  url.searchParams.set(attemptParameter, attempt);
  return { ...resolved, url: url.href };
}
