/** mod_rewrite: rules and a request in, an outcome out. Knows neither sockets nor how anything is answered. */

export { isAbsoluteUrl } from './absolute-url.js';
export { applyRules } from './apply-rules.js';
export { findFixedServer, findServerMap } from './fixed-server.js';
export { inheritsRules, mergeRewriting } from './merge.js';
export type * from './model.js';
export { rewriteOptionNames } from './model.js';
export type { MatchedRule, RewriteEffects, RewriteOutcome } from './outcome.js';
export { parseConditionTest } from './parse-condition.js';
export { parseConditionFlags, parseFlags } from './parse-flags.js';
export { createTemplateNotes, knownVariables, parseTemplate, type TemplateNotes } from './parse-template.js';
export { joinQuery, type Query } from './query.js';
export { isNamedIn, showMade } from './shown-text.js';
export { splitRuleWords } from './split-words.js';
export type { LookAhead, RewriteRequest, RewriteSubject } from './subject.js';
export { type RewriteVariable, rewriteVariables } from './variables.js';
