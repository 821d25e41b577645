export { findGroup, findGroupsOf, findUser } from './accounts.js';
export type { Context, Definition, DirectiveClass } from './definition.js';
export { definitions, knownModules, servedModules } from './directives/index.js';
export type { FileReference } from './file-references.js';
export { createHtaccessParser } from './htaccess.js';
export { type Finding, type LoadOptions, type LoadResult, loadConfig, resolveSite } from './load-config.js';
export { type MistakeCode, mistakeCodes } from './mistake-codes.js';
export { describeMistakes, explainMistake, formatMistake } from './mistakes.js';
export type * from './model.js';
