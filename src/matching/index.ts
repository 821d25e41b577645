export * from './address-range.js';
export { boundMatching } from './bound-matching.js';
export * from './bounded-exec.js';
export * from './client-address.js';
export * from './forwarded.js';
export * from './groups.js';
export { type PatternResult, translatePattern } from './patterns.js';
export { mergeByUrl } from './url-prefix.js';
export * from './wildcard.js';
