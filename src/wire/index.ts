export * from './frames.js';
export * from './messages.js';
export * from './request-decoder.js';
export * from './sent-ahead.js';
export * from './stream-table.js';
