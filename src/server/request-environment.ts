import type { EnvironmentSettings } from '../config/model.js';
import { toByteString } from '../http/index.js';

/**
 * The variables of one request: what SetEnvIf and its kin, the named groups of Match sections and, once the request is let in,
 * SetEnv, PassEnv and UnsetEnv say. Access rules, applications and access logs all look here. Names and values are byte strings;
 * names are compared without case, and the first spelling stays (as httpd).
 */
export class RequestEnvironment {
  /** Made with the first variable: most requests have none. */
  #variables: Map<string, { readonly name: string; readonly value: string }> | undefined;

  get(name: string): string | undefined {
    return this.#variables?.get(name.toLowerCase())?.value;
  }

  set(name: string, value: string): void {
    const key = name.toLowerCase();
    this.#variables ??= new Map();
    this.#variables.set(key, { name: this.#variables.get(key)?.name ?? name, value });
  }

  unset(name: string): void {
    this.#variables?.delete(name.toLowerCase());
  }

  /** SetEnv and PassEnv win over what is there. UnsetEnv only holds back what they would set (as httpd). */
  addSettings({ set, pass, unset }: EnvironmentSettings): void {
    for (const [name, value] of [...pass, ...set]) {
      if (!unset.has(name)) this.set(toByteString(name), toByteString(value));
    }
  }

  /** An internal redirect: what was set is known as REDIRECT_… from here on, beside `facts` (name, value, …). */
  beginRedirect(facts: readonly string[]): void {
    const before = this.toList();
    this.#variables = undefined;
    for (let at = 0; at < before.length; at += 2)
      this.set(`REDIRECT_${before[at] as string}`, before[at + 1] as string);
    for (let at = 0; at < facts.length; at += 2) this.set(facts[at] as string, facts[at + 1] as string);
  }

  /** name, value, … */
  addList(variables: readonly string[]): void {
    for (let at = 0; at + 1 < variables.length; at += 2)
      this.set(variables[at] as string, variables[at + 1] as string);
  }

  /** name, value, … */
  toList(): string[] {
    const list: string[] = [];
    if (this.#variables === undefined) return list;
    for (const { name, value } of this.#variables.values()) list.push(name, value);
    return list;
  }
}
