/** Types of the configuration, entered by model.ts. AllowOverride, and what comes of .htaccess files. */

import type { Mistake, Section, VirtualHost } from './model.js';

/** What a directive has to do with: AllowOverride lets .htaccess files say things by these. */
export type OverrideClass = 'AuthConfig' | 'FileInfo' | 'Indexes' | 'Limit' | 'Options';

/** AllowOverride. */
export interface AllowedOverrides {
  /** Empty: nothing may be said. */
  readonly classes: ReadonlySet<OverrideClass>;
  /** `Options=…`: what Options may name, in lower case; absent: everything. */
  readonly options?: ReadonlySet<string>;
  /** Nonfatal: what is skipped with a warning, instead of being a mistake. */
  readonly forgives: ReadonlySet<'unknown' | 'override'>;
}

/** What the .htaccess file of one directory may say: AllowOverride and AllowOverrideList together. */
export interface Overrides extends AllowedOverrides {
  /** Directives in lower case that may stand there whatever the classes are. */
  readonly names: ReadonlySet<string>;
}

/** A .htaccess file that has been opened. */
export interface HtaccessFile {
  /** Absolute, for messages. */
  readonly file: string;
  /** Absolute, without slash at the end. */
  readonly directory: string;
  readonly content: Buffer;
  readonly overrides: Overrides;
  readonly virtualHost: VirtualHost;
}

/** What stands in a .htaccess file. */
export type HtaccessText =
  | { readonly kind: 'section'; readonly section: Section; readonly warnings: readonly Mistake[] }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly Mistake[] };

/** Reads the text of a .htaccess file as what it is: one more <Directory> section. */
export type ParseHtaccess = (file: HtaccessFile) => HtaccessText;
