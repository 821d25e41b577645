export * from './frames.js';
export * from './messages.js';
