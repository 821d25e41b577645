import { createRequire } from 'node:module';
import type ipaddrPackage from 'ipaddr.js';

/**
 * Loads a package written in CommonJS. To import one, Node first runs a WebAssembly program over it that looks for its exports:
 * 7 MB and 15 ms for every process that does so once.
 */
export const requirePackage = createRequire(import.meta.url);

/** The package ipaddr.js. */
export const ipaddr = requirePackage('ipaddr.js') as typeof ipaddrPackage;
