export * from './answer.js';
export { serveFile } from './serve-file.js';
