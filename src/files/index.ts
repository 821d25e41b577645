export * from './answer.js';
export type { EntityTagParts } from './entity-tag.js';
export type { MediaRules } from './media.js';
export { serveFile } from './serve-file.js';
