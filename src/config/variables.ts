import { type Replaced, replaceTraced } from './source-line.js';

/**
 * What `Define` and -D set. A flag (what <IfDefine> asks for) is compared with case, a value (what `${}` asks
 * for) without, and a bare `Define NAME` sets no value.
 */
export class Variables {
  readonly #flags = new Set<string>();
  readonly #values = new Map<string, { readonly name: string; readonly value: string }>();
  readonly #environment: NodeJS.ProcessEnv;

  constructor(environment: NodeJS.ProcessEnv) {
    this.#environment = environment;
  }

  define(name: string, value?: string): void {
    this.#flags.add(name);
    if (value !== undefined) this.#values.set(name.toLowerCase(), { name, value });
  }

  undefine(name: string): void {
    this.#flags.delete(name);
    this.#values.delete(name.toLowerCase());
  }

  isDefined(name: string): boolean {
    return this.#flags.has(name);
  }

  /**
   * Replaces each complete `${NAME}` once; what it inserts is not looked at again. Calls `onUndefined` for a name that nothing
   * defines, with its place in the text, and leaves its text as it is; a name with a colon is RewriteMap syntax and none of
   * our business.
   */
  expand(text: string, onUndefined: (name: string, start: number) => void): Replaced {
    if (!text.includes('${')) return { text, replacements: [] };
    // Behind it nothing is complete, and each beginning would be followed to the end of the line.
    const end = text.lastIndexOf('}') + 1;
    const replaced = replaceTraced(
      text.slice(0, end),
      /\$\{([^}]+)\}/g,
      ({ 0: whole, 1: name = '', index }) => {
        const value = this.#values.get(name.toLowerCase())?.value ?? this.#environmentValue(name);
        if (value !== undefined) return value;
        if (!name.includes(':')) onUndefined(name, index);
        return whole;
      },
    );
    return { ...replaced, text: replaced.text + text.slice(end) };
  }

  /** Name → value, '' for a bare name, in the spelling of the definition. */
  list(): Map<string, string> {
    const entries = [...this.#flags].map((name): [string, string] => [
      name,
      this.#values.get(name.toLowerCase())?.value ?? '',
    ]);
    return new Map(entries);
  }

  #environmentValue(name: string): string | undefined {
    return Object.hasOwn(this.#environment, name) ? this.#environment[name] : undefined;
  }
}
