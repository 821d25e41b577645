import type { Macro } from './macros.js';
import type { MistakeList } from './mistakes.js';
import type { Variables } from './variables.js';

/** What <IfModule>, <IfDirective> and <IfSection> may ask, and what makes a message about a module clear. */
export interface KnownNames {
  /** 'absent': a module of Apache that modhost lacks. */
  findModule(name: string): 'served' | 'absent' | 'unknown';
  hasDirective(name: string): boolean;
  /** `name` without its bracket. */
  hasSection(name: string): boolean;
}

/** Everything the read phase changes; `serverRoot` is what the paths of later stages are relative to. */
export interface ReadPhase {
  serverRoot: string;
  readonly variables: Variables;
  /** By lower-case name. */
  readonly macros: Map<string, Macro>;
  readonly known: KnownNames;
  readonly mistakes: MistakeList;
  readonly filesRead: string[];
  /** Of a .htaccess file: which directives and sections (with their bracket) may stand in it; absent: all. */
  readonly permits?: (name: string) => boolean;
}
