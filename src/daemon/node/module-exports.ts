/**
 * What a script file exports, by name. A CommonJS module comes as the `default` of its namespace, and one that was
 * compiled from `export default` as the `default` of that: names are looked for there as well.
 */
export class ModuleExports {
  readonly #namespace: Readonly<Record<string, unknown>>;
  readonly #inner: Readonly<Record<string, unknown>> | undefined;

  constructor(namespace: object) {
    this.#namespace = namespace as Record<string, unknown>;
    const inner = this.#namespace.default;
    if ((typeof inner === 'object' && inner !== null) || typeof inner === 'function')
      this.#inner = inner as unknown as Record<string, unknown>;
  }

  /** Undefined if nothing is exported under that name. */
  get(name: string): unknown {
    const inner = this.#inner;
    if (name === 'default') {
      const isCompiled = inner !== undefined && inner.__esModule === true && Object.hasOwn(inner, 'default');
      return isCompiled ? inner.default : this.#namespace.default;
    }
    const own = this.#namespace[name];
    if (own !== undefined || inner === undefined || !Object.hasOwn(inner, name)) return own;
    return inner[name];
  }

  /** For messages: what a reader of the script file would call its exports. */
  get names(): string[] {
    const names = new Set(Object.keys(this.#namespace));
    names.delete('module.exports');
    const inner = this.#inner;
    if (typeof inner === 'object' && Object.getPrototypeOf(inner) === Object.prototype) {
      // An exports object of CommonJS is no export of its own.
      if (inner.__esModule !== true && Object.keys(this.#namespace).length <= 2) names.delete('default');
      for (const name of Object.keys(inner)) names.add(name);
    }
    names.delete('__esModule');
    return [...names];
  }
}
