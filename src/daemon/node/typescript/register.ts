import { Module, register } from 'node:module';
import { installHelpers } from './helpers.js';
import { isTypeScript, readTypeScript } from './source.js';

interface CompilingModule {
  _compile(code: string, filename: string, format?: string): void;
}

type Extensions = Record<string, (module: CompilingModule, filename: string) => void>;

/** Lets this process run TypeScript files without a build step, by `import` and by `require`. */
export function registerTypeScript(): void {
  installHelpers();
  register('./hooks.js', import.meta.url);
  const extensions = (Module as unknown as { _extensions: Extensions })._extensions;
  const loadJavaScript = extensions['.js'];
  for (const extension of ['.ts', '.cts', '.mts', '.tsx']) {
    extensions[extension] = (module, filename) => {
      if (!isTypeScript(filename)) return loadJavaScript?.(module, filename);
      const { code, format } = readTypeScript(filename);
      // From Node 20.19 on, the third argument makes a module out of it, as require() of one does.
      module._compile(code, filename, format === 'module' ? 'module' : undefined);
    };
  }
}
