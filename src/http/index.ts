export * from './bytes.js';
export * from './header-list.js';
